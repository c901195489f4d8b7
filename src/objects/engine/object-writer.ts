import { checkConditions, checkNoncurrent, checkTagging } from '../store/conditions.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { withHeaders } from '../store/metadata.ts';
import type {
  HeaderChanges,
  ObjectInfo,
  RemoveConditions,
  RemovedObject,
  RemoveObject,
  VersionRef,
} from '../store/object.ts';
import { checkLockable, checkLockChange, checkRemovable, withDefaultRetention } from '../store/object-lock.ts';
import { checkQuota, type Growth } from '../store/quota.ts';
import { wallTime } from '../store/stamp.ts';
import { addUsage, type Counted, NOTHING, usageOf } from '../store/usage.ts';
import { versionIdOf } from '../store/version-id.ts';
import type { BucketRow } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import { encodeHead, type RemovalHead } from './catalog/head.ts';
import {
  decodeVersionHead,
  deleteMarker,
  encodeVersionHead,
  type FileRef,
  objectInfo,
  type Version,
  type VersionHead,
} from './catalog/version.ts';
import type { WhiteoutHead } from './catalog/whiteout-table.ts';
import type { Commit, Committer, Draft } from './committer.ts';
import type { ObjectKeys } from './encryption/object-keys.ts';
import type { HybridClock } from './hybrid-clock.ts';
import { RecordKind } from './journal/record.ts';
import { objectScope } from './scopes.ts';

const NO_BYTES = Buffer.alloc(0);

export interface WriteTarget {
  readonly bucket: BucketRow;
  readonly key: string;
  readonly conditions: RemoveConditions | undefined;
}

/** What is to be the object. */
export interface NewVersion extends Pick<VersionHead, 'size' | 'etag' | 'metadata' | 'origin' | 'sealedKey'> {
  readonly files: readonly FileRef[];
  readonly inline: Buffer;
}

export interface WriteOptions {
  /** Checked and written together with the object. */
  readonly along?: { readonly scope: string; readonly decide: () => readonly Draft[] };
}

interface ObjectWriterOptions {
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly clock: HybridClock;
  readonly keys: Pick<ObjectKeys, 'checkNotLost'>;
}

/** What may be passed over; only the one who asks can say. */
interface Rights {
  readonly bypassGovernance?: boolean | undefined;
}

type RemovalTarget = WriteTarget &
  VersionRef &
  Rights &
  Pick<RemoveObject, 'ifNoncurrent' | 'ifTagging' | 'byLifecycle'>;
type Decision<T> = Pick<Commit<T>, 'decide' | 'done'>;

/** Commits objects. */
export class ObjectWriter {
  readonly #catalog: Catalog;
  readonly #committer: Committer;
  readonly #clock: HybridClock;
  readonly #keys: Pick<ObjectKeys, 'checkNotLost'>;

  constructor({ catalog, committer, clock, keys }: ObjectWriterOptions) {
    this.#catalog = catalog;
    this.#committer = committer;
    this.#clock = clock;
    this.#keys = keys;
  }

  async write(target: WriteTarget, content: () => NewVersion, { along }: WriteOptions = {}): Promise<ObjectInfo> {
    const { bucket, key } = target;
    const scope = objectScope(bucket.id, key);
    let info: ((stamp: number) => ObjectInfo) | undefined;
    return this.#committer.commit({
      scopes: along ? [scope, along.scope] : [scope],
      decide: (growth) => {
        const others = along?.decide() ?? [];
        const { bucket } = this.#check(target);
        const { inline, ...version } = content();
        const metadata = withDefaultRetention(bucket, version.metadata, this.#clock.now());
        const versioned = bucket.versioning === 'enabled';
        const head: VersionHead = { ...version, metadata, versioned, deleteMarker: false };
        info = (stamp) => objectInfo(key, { ...head, stamp });
        this.checkRoom(target, head, growth);
        return [...this.#onTop(target, head, inline), ...others];
      },
      done: ([written]) => {
        if (!written || !info) throw new Error('a write without a record');
        return info(written.record.stamp);
      },
    });
  }

  /**
   * Whether a version of that size may come on top, and that it does, in `growth`.
   * @throws HoldfastError `bucket.not-found`, `bucket.quota-exceeded`
   */
  checkRoom(target: Omit<WriteTarget, 'conditions'>, head: Counted & Pick<VersionHead, 'versioned'>, growth: Growth) {
    const row = this.#row(target);
    if (!row.bucket.quota) return;
    const replaced = head.versioned ? undefined : this.#catalog.view(row).null(target.key);
    const added = addUsage(usageOf(head), usageOf(replaced), -1);
    const others = growth.get(row.id) ?? NOTHING;
    checkQuota(row.bucket, addUsage(this.#catalog.usage(row), others), added);
    growth.set(row.id, addUsage(others, added));
  }

  /**
   * `inline`: the bytes of the version of that stamp. It is written again with its stamp;
   * `undefined` where it is not (or no longer) what `target` names.
   */
  async updateMetadata(
    target: WriteTarget & VersionRef & Rights,
    { stamp, inline }: { readonly stamp: number; readonly inline: Buffer },
    headers: HeaderChanges,
  ): Promise<ObjectInfo | undefined> {
    return this.#committer.commit({
      scopes: [objectScope(target.bucket.id, target.key)],
      decide: () => {
        const version = this.#named(target);
        if (version?.stamp !== stamp) return [];
        const metadata = withHeaders(version.metadata, headers);
        checkLockable(this.#row(target).bucket, headers);
        checkLockChange(named(target), { before: version.metadata, after: metadata }, this.#lockCheck(target));
        const changed = { ...versionDraft(target, { ...version, metadata }, inline), stamp, moved: true };
        return [changed, ...this.#whiteout(target, version)];
      },
      done: ([written]) =>
        written && objectInfo(target.key, { ...decodeVersionHead(written.record.head), stamp: written.record.stamp }),
    });
  }

  #lockCheck({ bypassGovernance }: Rights) {
    return { now: this.#clock.now(), bypassGovernance };
  }

  #named(target: WriteTarget & VersionRef): Version | undefined {
    const view = this.#catalog.view(this.#row(target));
    return target.versionId === undefined ? view.current(target.key) : view.named(target.key, target.versionId);
  }

  async remove(target: RemovalTarget): Promise<RemovedObject> {
    const { versionId } = target;
    const decided = versionId === undefined ? this.#removal(target) : this.#versionRemoval(target, versionId);
    return this.#committer.commit({
      scopes: [objectScope(target.bucket.id, target.key)],
      purpose: 'remove',
      ...decided,
    });
  }

  /** Of the current object. With versioning that is a delete marker, also where there is nothing to delete (S3 DeleteObject). */
  #removal(target: RemovalTarget): Decision<RemovedObject> {
    return {
      decide: () => {
        const row = this.#check(target);
        const { versioning } = row.bucket;
        const view = this.#catalog.view(row);
        const current = view.current(target.key);
        checkTagging(named(target), current?.metadata, target);
        const ended = versioning === 'suspended' ? view.null(target.key) : current;
        if (versioning !== 'enabled') this.#keys.checkNotLost(row, ended?.sealedKey);
        const marker = deleteMarker(versioning === 'enabled', target.byLifecycle);
        if (versioning !== 'disabled') return this.#onTop(target, marker, NO_BYTES);
        return current ? [this.#removalDraft(target, current)] : [];
      },
      done: ([written]) => {
        if (written?.record.kind !== RecordKind.version) return { deleteMarker: false };
        const { versioned } = decodeVersionHead(written.record.head);
        return { versionId: versionIdOf({ versioned, stamp: written.record.stamp }), deleteMarker: true };
      },
    };
  }

  #versionRemoval(target: RemovalTarget, versionId: string): Decision<RemovedObject> {
    let wasMarker = false;
    return {
      decide: () => {
        const row = this.#row(target);
        const version = this.#catalog.view(row).named(target.key, versionId);
        checkConditions(named(target), version && factsOf(version), target.conditions);
        checkTagging(named(target), version?.metadata, target);
        this.#checkNoncurrent(target);
        this.#keys.checkNotLost(row, version?.sealedKey);
        if (version) checkRemovable(named(target), version.metadata, this.#lockCheck(target));
        wasMarker = version?.deleteMarker ?? false;
        return version ? [this.#removalDraft(target, version)] : [];
      },
      done: () => ({ versionId, deleteMarker: wasMarker }),
    };
  }

  /** The null version takes the place of the one before: one that a fork shows of its base has to be hidden for that. */
  #onTop(target: WriteTarget, head: VersionHead, inline: Buffer): readonly Draft[] {
    const row = this.#row(target);
    const replaced = head.versioned || !row.base ? undefined : this.#catalog.view(row).null(target.key);
    const written = versionDraft(target, head, inline);
    return replaced ? [written, ...this.#whiteout(target, replaced)] : [written];
  }

  /** What hides the version, where it is not the bucket's own but of the base that it is a fork of. */
  #whiteout(
    target: WriteTarget,
    version: Version,
    removal: Pick<WhiteoutHead, 'removed' | 'byLifecycle'> = {},
  ): readonly Draft[] {
    const row = this.#row(target);
    if (!row.base || this.#catalog.isOwn(row, target.key, version)) return [];
    const { stamp, size, deleteMarker } = version;
    const head: WhiteoutHead = { version: stamp, size, deleteMarker, ...removal };
    return [draft(RecordKind.whiteout, target, encodeHead(head), NO_BYTES)];
  }

  #checkNoncurrent(target: RemovalTarget): void {
    if (!target.ifNoncurrent) return;
    const found = this.#catalog.view(this.#row(target)).find(target.key, target.versionId);
    checkNoncurrent(named(target), found, target);
  }

  #removalDraft(target: RemovalTarget, version: Version): Draft {
    const byLifecycle = target.byLifecycle || undefined;
    const [whiteout] = this.#whiteout(target, version, { removed: versionIdOf(version), byLifecycle });
    if (whiteout) return whiteout;
    const span = this.#catalog.versions.span(version);
    const head: RemovalHead = { span, version: version.versioned ? version.stamp : undefined, byLifecycle };
    return { ...draft(RecordKind.removal, target, encodeHead(head), NO_BYTES), files: version.files.length };
  }

  #check(target: WriteTarget): BucketRow {
    const row = this.#row(target);
    if (!target.conditions) return row;
    const current = this.#catalog.view(row).current(target.key);
    checkConditions(named(target), current && factsOf(current), target.conditions);
    return row;
  }

  /** The bucket can be gone, or another one of the same name, since the request began. */
  #row({ bucket: { id, bucket } }: Pick<WriteTarget, 'bucket'>): BucketRow {
    const row = this.#catalog.buckets.byId(id);
    if (!row) throw bucketErrors.notFound(bucket.name);
    return row;
  }
}

/** What conditions ask for. */
function factsOf({ etag, size, stamp }: Version) {
  return { etag, size, lastModified: wallTime(stamp) };
}

function named({ bucket: { bucket }, key }: WriteTarget) {
  return { bucket: bucket.name, key };
}

function versionDraft(target: WriteTarget, head: VersionHead, inline: Buffer): Draft {
  return { ...draft(RecordKind.version, target, encodeVersionHead(head), inline), files: head.files.length };
}

function draft(kind: RecordKind, { bucket, key }: WriteTarget, head: Buffer, data: Buffer): Draft {
  return { kind, bucket: bucket.id, key: Buffer.from(key), head, data };
}
