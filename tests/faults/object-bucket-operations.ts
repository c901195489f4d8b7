import { createHash, randomInt } from 'node:crypto';
import { HoldfastError } from '../../src/core/errors.ts';
import type { Versioning } from '../../src/objects/store/bucket.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { contentOf } from './object-engine-history.ts';

/** What happens to one bucket and its forks, and that a model can be told as well. */
export interface BucketOperation {
  /** To that fork of it; absent: to the bucket itself. */
  readonly fork?: string | undefined;
  readonly change: Change;
}

type Change =
  | { readonly kind: 'put' | 'multipart'; readonly key: string; readonly seed: number; readonly size: number }
  | { readonly kind: 'remove'; readonly key: string }
  /** Of the version at that place in the listing, counted round. */
  | { readonly kind: 'remove-version'; readonly place: number }
  | { readonly kind: 'tag'; readonly key: string; readonly value: string }
  | { readonly kind: 'copy'; readonly key: string; readonly from: string }
  | { readonly kind: 'versioning'; readonly versioning: Versioning }
  | { readonly kind: 'snapshot' | 'delete-snapshot'; readonly name: string }
  | { readonly kind: 'fork' | 'delete-fork'; readonly name: string; readonly snapshot?: string | undefined };

const FORKS = ['fork-a', 'fork-b'];
const VERSIONING = ['enabled', 'enabled', 'suspended'] as const;
const SNAPSHOTS = ['noon', 'midnight'];

const any = <T>(values: readonly T[]): T => values[randomInt(values.length)] as T;

/** Of those that change a bucket and its forks, so that they stay small. */
export function anyOperation(): BucketOperation {
  return { fork: randomInt(3) === 0 ? any(FORKS) : undefined, change: anyChange() };
}

function anyChange(): Change {
  const key = `key-${randomInt(8)}`;
  const size = randomInt(4) === 0 ? randomInt(200_000) : randomInt(6000);
  const seed = randomInt(2 ** 31);
  const chance = randomInt(100);
  if (chance < 24) return { kind: 'put', key, seed, size };
  if (chance < 31) return { kind: 'remove', key };
  if (chance < 69) return { kind: 'remove-version', place: randomInt(1000) }; // as often as versions are made
  if (chance < 76) return { kind: 'tag', key, value: `n=${seed}` };
  if (chance < 84) return { kind: 'copy', key, from: `key-${randomInt(8)}` };
  if (chance < 90) return { kind: 'multipart', key, seed, size };
  if (chance < 92) return { kind: 'versioning', versioning: any(VERSIONING) };
  if (chance < 96) return { kind: any(['snapshot', 'delete-snapshot'] as const), name: any(SNAPSHOTS) };
  if (chance < 98) return { kind: 'fork', name: any(FORKS), snapshot: randomInt(2) === 0 ? any(SNAPSHOTS) : undefined };
  return { kind: 'delete-fork', name: any(FORKS) };
}

const metadata = { contentType: 'text/plain', headers: {}, user: {} };

async function* body({ seed, size }: { readonly seed: number; readonly size: number }): AsyncGenerator<Uint8Array> {
  const bytes = contentOf(seed, size);
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

/** The same on every store that is in the same state, also where it is refused. */
export async function perform(store: ObjectStore, bucket: string, operation: BucketOperation): Promise<void> {
  try {
    const { fork, change } = operation;
    await attempt(store, fork === undefined ? bucket : forkName(bucket, fork), change);
  } catch (error) {
    const { kind } = HoldfastError.from(error);
    if (kind !== 'not-found' && kind !== 'conflict') throw error;
  }
}

async function attempt(store: ObjectStore, bucket: string, operation: Change): Promise<void> {
  switch (operation.kind) {
    case 'put':
      await store.put({ bucket, key: operation.key, body: body(operation), metadata: copyOf(metadata) });
      return;
    case 'multipart': {
      const { key } = operation;
      const { uploadId } = await store.createUpload(bucket, key, copyOf(metadata));
      const upload = { bucket, key, uploadId };
      const part = await store.putPart({ ...upload, partNumber: 1, body: body(operation) });
      await store.completeUpload({ ...upload, parts: [part] });
      return;
    }
    case 'remove':
      await store.remove(bucket, operation.key);
      return;
    case 'remove-version': {
      const { versions } = await store.listVersions({ bucket, limit: 1000 });
      const version = versions[operation.place % Math.max(versions.length, 1)];
      if (version) await store.remove(bucket, version.key, { versionId: version.versionId });
      return;
    }
    case 'tag':
      await store.updateMetadata(bucket, operation.key, { headers: { 'x-amz-tagging': operation.value } });
      return;
    case 'copy':
      await store.copy({ source: { bucket, key: operation.from }, target: { bucket, key: operation.key } });
      return;
    case 'versioning':
      await store.updateBucket(bucket, { versioning: operation.versioning });
      return;
    case 'snapshot':
      await store.createSnapshot(bucket, { name: operation.name });
      return;
    case 'delete-snapshot':
      await store.deleteSnapshot(bucket, operation.name);
      return;
    case 'fork':
      await store.createBucket(forkName(bucket, operation.name), { from: { bucket, snapshot: operation.snapshot } });
      return;
    case 'delete-fork':
      await store.deleteBucket(forkName(bucket, operation.name), { force: true });
      return;
  }
}

function forkName(bucket: string, fork: string): string {
  return `${bucket}-${fork}`;
}

function copyOf<T>(value: T): T {
  return structuredClone(value);
}

/** All that can be seen of the bucket, its forks and theirs, with every byte read, but for what no two stores have in common. */
export async function describeBucket(store: ObjectStore, bucket: string): Promise<readonly string[]> {
  const names = store.buckets().flatMap(({ name }) => (name === bucket || name.startsWith(`${bucket}-`) ? [name] : []));
  return (await Promise.all(names.map((name) => describeOne(store, name)))).flat();
}

async function describeOne(store: ObjectStore, bucket: string): Promise<readonly string[]> {
  const { objects, bytes } = await store.usage(bucket);
  const snapshots = await store.snapshots(bucket);
  return [
    `${bucket}: ${store.bucket(bucket)?.versioning}, ${objects} objects, ${bytes} bytes`,
    ...(await describeMoment(store, { bucket })),
    ...(
      await Promise.all(
        snapshots.map(async ({ name, objects, bytes }) => [
          `snapshot ${name}: ${objects} objects, ${bytes} bytes`,
          ...(await describeMoment(store, { bucket, snapshot: name })),
        ]),
      )
    ).flat(),
  ];
}

interface Shown {
  readonly bucket: string;
  readonly snapshot?: string | undefined;
}

async function describeMoment(store: ObjectStore, shown: Shown): Promise<readonly string[]> {
  const { versions } = await store.listVersions({ ...shown, limit: 1000 });
  const { objects } = await store.list({ ...shown, limit: 1000 });
  // What is changed in place is seen in snapshots and forks as long as the version is shared; the model copies.
  const areOwn = shown.snapshot === undefined && store.bucket(shown.bucket)?.forkOf === undefined;
  const lines = versions.map(async ({ key, versionId, isLatest, deleteMarker, etag, metadata }) => {
    const what = deleteMarker ? 'delete marker' : `${etag} ${await digest(store, { ...shown, key, versionId })}`;
    const tags = areOwn ? metadata.headers['x-amz-tagging'] : undefined;
    return `${key} ${versionId === 'null' ? 'null' : 'id'} ${isLatest ? 'latest' : ''} ${what} ${tags ?? ''}`;
  });
  return [...(await Promise.all(lines)), `current: ${objects.map(({ key }) => key)}`];
}

interface Named extends Shown {
  readonly key: string;
  readonly versionId: string;
}

async function digest(store: ObjectStore, { bucket, key, ...ref }: Named): Promise<string> {
  const hash = createHash('sha256');
  const read = await store.open(bucket, key, ref);
  try {
    for await (const bytes of read.body()) hash.update(bytes);
  } finally {
    read.release();
  }
  return hash.digest('hex').slice(0, 16);
}
