import { HoldfastError } from '../../core/errors.ts';
import { taggingOf } from '../object-tags.ts';
import type { Bucket } from '../store/bucket.ts';
import type { VersionMarker } from '../store/list.ts';
import type { RemoveObject } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { MultipartUpload, UploadMarker } from '../store/upload.ts';
import { expiryOf, markerExpires, noncurrentExpires, uploadExpiryOf } from './expiry.ts';
import { LIFECYCLE, type LifecycleRule, lifecycleRules } from './lifecycle-rule.ts';
import { VersionWalk, type WalkedVersion } from './version-walk.ts';

/** Looked at in one step, and removed together, so that few commits carry them. */
const PAGE_VERSIONS = 250;
const PAGE_UPLOADS = 1000;

export interface Swept {
  /** Current objects, gone or behind a delete marker. */
  objects: number;
  noncurrent: number;
  markers: number;
  uploads: number;
}

/** What a rule took away. */
export interface Expired {
  readonly key: string;
  readonly what: keyof Swept;
  /** Of what is gone, or of the delete marker that stands before it now. */
  readonly versionId?: string | undefined;
  /** Its bytes are still there, behind a delete marker. */
  readonly isHidden?: boolean | undefined;
  /** Bytes; an upload has no size, nor has a marker. */
  readonly size?: number | undefined;
}

interface SweepOptions {
  readonly store: ObjectStore;
  readonly now: number;
  readonly signal: AbortSignal;
  /** Told of each as it goes. */
  readonly onExpired?: ((expired: Expired) => void) | undefined;
}

interface Sweep extends Omit<SweepOptions, 'signal'> {
  readonly bucket: string;
  readonly rules: readonly LifecycleRule[];
  readonly swept: Swept;
  /** False once it is aborted or the bucket has other rules: those may want to keep what these let go. */
  readonly goesOn: () => boolean;
}

/**
 * Applies a bucket's rules once. It keeps nothing: a sweep that is cut short is made
 * up for by the next. Each removal holds only for the version that was looked at.
 */
export async function sweepBucket(bucket: Bucket, { signal, ...options }: SweepOptions): Promise<Swept> {
  const { store } = options;
  const { name, documents } = bucket;
  const rules = lifecycleRules(bucket).filter(({ enabled }) => enabled);
  const swept: Swept = { objects: 0, noncurrent: 0, markers: 0, uploads: 0 };
  const goesOn = () => !signal.aborted && store.bucket(name)?.documents?.[LIFECYCLE] === documents?.[LIFECYCLE];
  const sweep: Sweep = { ...options, bucket: name, rules, swept, goesOn };
  if (rules.some(({ expiration, noncurrent }) => expiration ?? noncurrent)) await sweepVersions(sweep);
  if (rules.some(({ abortUploadsDays }) => abortUploadsDays !== undefined)) await sweepUploads(sweep);
  return swept;
}

async function sweepVersions(sweep: Sweep): Promise<void> {
  const { store, bucket, rules, goesOn } = sweep;
  const prefix = commonPrefix(rules.map(({ filter }) => filter.prefix ?? ''));
  const walk = new VersionWalk();
  let after: VersionMarker | undefined;
  do {
    const page = await store.listVersions({ bucket, prefix, after, limit: PAGE_VERSIONS });
    if (!goesOn()) return;
    await removeDue(sweep, [...walk.add(page.versions)]);
    after = page.next;
  } while (after);
  if (goesOn()) await removeDue(sweep, [...walk.end()]);
}

interface Removal {
  readonly key: string;
  readonly what: 'objects' | 'noncurrent' | 'markers';
  readonly size: number | undefined;
  readonly options: RemoveObject;
}

async function removeDue(sweep: Sweep, walked: readonly WalkedVersion[]): Promise<void> {
  const { store, now, bucket, rules } = sweep;
  const due = walked.flatMap((one) => removal(rules, one, now) ?? []);
  const removals = due.map(async ({ key, what, size, options }) => {
    const removed = await unlessKept(store.remove(bucket, key, options));
    if (!removed) return;
    const { versionId, deleteMarker } = removed;
    count(sweep, { key, what, size, versionId, isHidden: what === 'objects' && deleteMarker });
  });
  await Promise.all(removals);
}

function count({ swept, onExpired }: Sweep, expired: Expired): void {
  swept[expired.what]++;
  onExpired?.(expired);
}

function removal(rules: readonly LifecycleRule[], walked: WalkedVersion, now: number): Removal | undefined {
  const { version, since, newer, isOnly } = walked;
  const { key, versionId, etag: ifMatch, lastModified: ifLastModified } = version;
  const size = version.deleteMarker ? undefined : version.size;
  const options = { ifMatch, ifLastModified, ifTagging: taggingOf(version.metadata), byLifecycle: true };
  if (!version.isLatest) {
    if (since === undefined || !noncurrentExpires(rules, version, { since, newer, now })) return undefined;
    return { key, what: 'noncurrent', size, options: { ...options, versionId, ifNoncurrent: true } };
  }
  if (version.deleteMarker) {
    if (!isOnly || !markerExpires(rules, version, now)) return undefined;
    return { key, what: 'markers', size, options: { ...options, versionId } };
  }
  const expiry = expiryOf(rules, version);
  return expiry && expiry.at <= now ? { key, what: 'objects', size, options } : undefined;
}

async function sweepUploads(sweep: Sweep): Promise<void> {
  const { store, now, bucket, rules, goesOn } = sweep;
  for await (const upload of uploadsOf(store, bucket)) {
    if (!goesOn()) return;
    if ((uploadExpiryOf(rules, upload)?.at ?? Number.POSITIVE_INFINITY) > now) continue;
    const { key, uploadId } = upload;
    const aborted = store.abortUpload({ bucket, key, uploadId }).then(() => true);
    if (await unlessKept(aborted)) count(sweep, { key, what: 'uploads' });
  }
}

async function* uploadsOf(store: Sweep['store'], bucket: string): AsyncGenerator<MultipartUpload> {
  let after: UploadMarker | undefined;
  do {
    const page = await store.listUploads({ bucket, after, limit: PAGE_UPLOADS });
    yield* page.uploads;
    after = page.next;
  } while (after);
}

/** What is locked stays, and what a lost key has sealed; what changed meanwhile is another thing, and the next sweep's. */
const NOT_DUE = new Set([
  'bucket.key-lost',
  'object.locked',
  'object.precondition',
  'object.not-found',
  'version.not-found',
  'upload.not-found',
]);

async function unlessKept<T>(removal: Promise<T>): Promise<T | undefined> {
  try {
    return await removal;
  } catch (error) {
    if (error instanceof HoldfastError && NOT_DUE.has(error.code)) return undefined;
    throw error;
  }
}

function commonPrefix([first = '', ...rest]: readonly string[]): string {
  let length = first.length;
  for (const text of rest) while (!text.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
