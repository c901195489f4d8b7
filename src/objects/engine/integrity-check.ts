import { isHoldfastCode } from '../../core/errors.ts';
import type { CheckIntegrity, DamagedObject, IntegrityPage } from '../store/integrity.ts';
import { versionIdOf } from '../store/version-id.ts';
import type { Catalog } from './catalog/catalog.ts';
import { bucketOf, versionKey } from './catalog/index-keys.ts';
import type { Version } from './catalog/version.ts';
import type { DataFiles } from './files/data-files.ts';
import type { Journal } from './journal/journal.ts';

interface IntegrityCheckOptions {
  readonly catalog: Catalog;
  readonly journal: Journal;
  readonly files: DataFiles;
}

interface Found {
  readonly bucket: string;
  readonly key: string;
  readonly version: Version;
  readonly release: () => void;
}

const PAGE_VERSIONS = 1000;
const NO_BYTES = Buffer.alloc(0);

/** Reads back what is stored, for snapshots and forks too, and compares it with its checksums, as it is on the disk: no key is needed for it. */
export class IntegrityCheck {
  readonly #options: IntegrityCheckOptions;

  constructor(options: IntegrityCheckOptions) {
    this.#options = options;
  }

  /** Whatever is removed meanwhile stays until its page is done. */
  async page({ after, maxBytes }: CheckIntegrity): Promise<IntegrityPage> {
    const { found, next } = this.#collect(after, maxBytes);
    const damaged: DamagedObject[] = [];
    try {
      for (const object of found) {
        const message = await this.#damageOf(object.version);
        if (message === undefined) continue;
        damaged.push({ bucket: object.bucket, key: object.key, versionId: versionIdOf(object.version), message });
      }
    } finally {
      for (const { release } of found) release();
    }
    const bytes = found.reduce((sum, { version }) => sum + version.size, 0);
    return { objects: found.length, bytes, damaged, next };
  }

  #collect(after: string | undefined, maxBytes: number) {
    const { catalog } = this.#options;
    const found: Found[] = [];
    let bytes = 0;
    let seen = 0;
    const start = after === undefined ? NO_BYTES : Buffer.concat([Buffer.from(after, 'base64url'), Buffer.of(0)]);
    using reader = catalog.hold();
    for (const one of catalog.versions.from(start, reader)) {
      const { prefix, objectKey: key } = one;
      const version = one.version();
      const bucket = catalog.buckets.byId(bucketOf(prefix))?.bucket.name;
      if (bucket !== undefined && !version.deleteMarker) {
        found.push({ bucket, key, version, release: this.#pin(version) });
        bytes += version.size;
      }
      if (++seen === PAGE_VERSIONS || bytes >= maxBytes) {
        return { found, next: versionKey(prefix, version.stamp).toString('base64url') };
      }
    }
    return { found };
  }

  /** What is lost cannot go away any more: reading it says so. */
  #pin({ files, location }: Version): () => void {
    if (files.length > 0) return this.#options.files.pin(files);
    try {
      return this.#options.journal.pin(location.position);
    } catch (error) {
      if (!isHoldfastCode(error, 'object.damaged')) throw error;
      return () => {};
    }
  }

  async #damageOf({ files, location, stamp }: Version): Promise<string | undefined> {
    try {
      if (files.length === 0) await this.#options.journal.read(location.position, location.length, stamp);
      else for (const file of files) await this.#options.files.reader.verify(file);
      return undefined;
    } catch (error) {
      if (!isHoldfastCode(error, 'object.damaged')) throw error;
      return (error as Error).message;
    }
  }
}
