import { objectErrors } from '../store/errors/object-errors.ts';
import { snapshotErrors } from '../store/errors/snapshot-errors.ts';
import type { ReadRef } from '../store/object.ts';
import type { Moment } from '../store/snapshot.ts';
import { stampAtEndOf } from '../store/stamp.ts';
import type { BucketRow } from './catalog/bucket-table.ts';
import type { BucketView } from './catalog/bucket-view.ts';
import type { Catalog } from './catalog/catalog.ts';
import { findSnapshot } from './catalog/snapshot-rows.ts';
import type { Version } from './catalog/version.ts';

interface VersionName extends ReadRef {
  readonly bucket: string;
  readonly key: string;
}

/** Finds what a request names, or says what is not there. */
export class Lookup {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** @throws HoldfastError `bucket.not-found` */
  bucket(name: string): BucketRow {
    return this.#catalog.buckets.named(name);
  }

  /** @throws HoldfastError `bucket.not-found`, `snapshot.not-found`, `snapshot.moment` */
  view(name: string, { snapshot, at }: Moment = {}): BucketView {
    const row = this.bucket(name);
    if (snapshot !== undefined && at !== undefined) throw snapshotErrors.ambiguousMoment();
    if (snapshot !== undefined) return this.#catalog.view(row, findSnapshot(row, snapshot).stamp);
    return this.#catalog.view(row, at === undefined ? undefined : stampAtEndOf(at));
  }

  /** @throws as `view`; HoldfastError `object.not-found`, `version.not-found`, `version.delete-marker` */
  version({ bucket, key, versionId, ...moment }: VersionName): Version {
    const view = this.view(bucket, moment);
    const version = versionId === undefined ? view.current(key) : view.named(key, versionId);
    if (version && !version.deleteMarker) return version;
    if (versionId === undefined) throw objectErrors.notFound(bucket, key);
    if (!version) throw objectErrors.versionNotFound(bucket, key, versionId);
    throw objectErrors.versionIsDeleteMarker(bucket, key, versionId);
  }
}
