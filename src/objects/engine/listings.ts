import { AtMost } from '../../core/at-most.ts';
import { inTurns } from '../../core/in-turns.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { snapshotErrors } from '../store/errors/snapshot-errors.ts';
import type { ListObjects, ListPage, ListVersions, VersionPage } from '../store/list.ts';
import { listPage, versionPage } from '../store/listing.ts';
import type { Moment } from '../store/snapshot.ts';
import type { BucketView } from './catalog/bucket-view.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { LayerScanOptions } from './catalog/version-layers.ts';
import type { Lookup } from './lookup.ts';

/** Each keeps one of LMDB's 126 readers (`mdb_env_set_maxreaders`): with none left, nothing at all could be read. */
const AT_A_TIME = 64;

interface ListingsOptions {
  readonly catalog: Catalog;
  readonly lookup: Lookup;
}

interface Listed extends Moment {
  readonly bucket: string;
  readonly prefix?: string | undefined;
}

type PageOf<T> = (view: BucketView, options: LayerScanOptions) => Generator<void, T>;

/** Pages of listings, each of one moment. */
export class Listings {
  readonly #options: ListingsOptions;
  readonly #paging = new AtMost(AT_A_TIME);

  constructor(options: ListingsOptions) {
    this.#options = options;
  }

  objects({ bucket, pins, ...request }: ListObjects): Promise<ListPage> {
    const pageOf: PageOf<ListPage> = function* (view, options) {
      if (pins !== undefined && !view.keepsPins(pins)) throw snapshotErrors.gone(bucket);
      const now = view.pins();
      const page = yield* listPage(view.scan(options), request);
      return page.next === undefined || request.at === undefined ? page : { ...page, pins: now };
    };
    return this.#page({ bucket, ...request }, pageOf);
  }

  versions({ bucket, ...request }: ListVersions): Promise<VersionPage> {
    const pageOf: PageOf<VersionPage> = (view, options) => {
      const below = request.after && view.stampOf(request.after);
      return versionPage(view.scanVersions(options), request, below);
    };
    return this.#page({ bucket, ...request }, pageOf);
  }

  #page<T>(listed: Listed, pageOf: PageOf<T>): Promise<T> {
    return this.#paging.run(() => inTurns(this.#make(listed, pageOf)));
  }

  /**
   * Of the moment of its first step, in which it holds all that it reads, however often it pauses: what is written to the
   * index in between would be in neither. Where the bucket or the snapshot goes meanwhile, what it hid could show.
   */
  *#make<T>({ bucket, ...request }: Listed, pageOf: PageOf<T>): Generator<void, T> {
    const { catalog, lookup } = this.#options;
    const { id } = lookup.bucket(bucket);
    const view = lookup.view(bucket, request);
    using reader = catalog.hold();
    const page = yield* pageOf(view, { prefix: request.prefix, reader });
    lookup.view(bucket, request);
    if (lookup.bucket(bucket).id !== id) throw bucketErrors.notFound(bucket);
    return page;
  }
}
