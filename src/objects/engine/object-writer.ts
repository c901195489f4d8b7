import type { BucketRow } from './bucket-table.ts';
import type { Catalog } from './catalog.ts';
import type { Committer, Draft } from './committer.ts';
import { checkConditions } from './conditions.ts';
import * as errors from './errors.ts';
import { encodeHead, type RemovalHead } from './ledger.ts';
import type { ObjectInfo, WriteConditions } from './object-store.ts';
import { RecordKind } from './record.ts';
import { objectScope } from './scopes.ts';
import { deleteMarker, encodeVersionHead, type FileRef, objectInfo, type VersionHead } from './version.ts';

const NO_BYTES = Buffer.alloc(0);

export interface WriteTarget {
  readonly bucket: BucketRow;
  readonly key: string;
  readonly conditions: WriteConditions | undefined;
}

/** What is to be the object. */
export interface NewVersion extends Pick<VersionHead, 'size' | 'etag' | 'metadata'> {
  readonly files: readonly FileRef[];
  readonly inline: Buffer;
}

export interface WriteOptions {
  /** Checked and written together with the object. */
  readonly along?: { readonly scope: string; readonly decide: () => readonly Draft[] };
}

/** Commits objects. */
export class ObjectWriter {
  readonly #catalog: Catalog;
  readonly #committer: Committer;

  constructor(catalog: Catalog, committer: Committer) {
    this.#catalog = catalog;
    this.#committer = committer;
  }

  async write(target: WriteTarget, content: () => NewVersion, { along }: WriteOptions = {}): Promise<ObjectInfo> {
    const { bucket, key } = target;
    const scope = objectScope(bucket.id, key);
    let info: ((stamp: number) => ObjectInfo) | undefined;
    return this.#committer.commit({
      scopes: along ? [scope, along.scope] : [scope],
      decide: () => {
        const others = along?.decide() ?? [];
        const { versioning } = this.#check(target);
        const { inline, ...version } = content();
        const head: VersionHead = { ...version, versioned: versioning === 'enabled', deleteMarker: false };
        info = (stamp) => objectInfo(key, { ...head, stamp });
        return [versionDraft(target, head, inline), ...others];
      },
      done: ([written]) => {
        if (!written || !info) throw new Error('a write without a record');
        return info(written.record.stamp);
      },
    });
  }

  async remove(target: WriteTarget): Promise<void> {
    await this.#committer.commit({
      scopes: [objectScope(target.bucket.id, target.key)],
      purpose: 'remove',
      decide: () => {
        const { versioning } = this.#check(target);
        const current = this.#catalog.versions.current(target.bucket.id, target.key);
        if (!current) return [];
        if (versioning === 'enabled') return [versionDraft(target, deleteMarker(), NO_BYTES)];
        const head: RemovalHead = { span: this.#catalog.versions.span(current) };
        return [draft(RecordKind.removal, target, encodeHead(head), NO_BYTES)];
      },
      done: () => undefined,
    });
  }

  /** The bucket can be gone, or another one of the same name, since the request began. */
  #check({ bucket: { id, bucket }, key, conditions }: WriteTarget) {
    const row = this.#catalog.buckets.byId(id);
    if (!row) throw errors.bucketNotFound(bucket.name);
    const current = this.#catalog.versions.current(id, key);
    checkConditions({ bucket: bucket.name, key }, current?.etag, conditions);
    return row.bucket;
  }
}

function versionDraft(target: WriteTarget, head: VersionHead, inline: Buffer): Draft {
  return draft(RecordKind.version, target, encodeVersionHead(head), inline);
}

function draft(kind: RecordKind, { bucket, key }: WriteTarget, head: Buffer, data: Buffer): Draft {
  return { kind, bucket: bucket.id, key: Buffer.from(key), head, data };
}
