import { createHash } from 'node:crypto';
import { HoldfastError } from '../../src/core/errors.ts';
import type { ObjectStore, Versioning } from '../../src/objects/engine/object-store.ts';
import { contentOf } from './object-engine-history.ts';

/** What happens to one bucket, and that a model can be told as well. */
export type BucketOperation =
  | { readonly kind: 'put' | 'multipart'; readonly key: string; readonly seed: number; readonly size: number }
  | { readonly kind: 'remove'; readonly key: string }
  /** Of the version at that place in the listing, counted round. */
  | { readonly kind: 'remove-version'; readonly place: number }
  | { readonly kind: 'tag'; readonly key: string; readonly value: string }
  | { readonly kind: 'copy'; readonly key: string; readonly from: string }
  | { readonly kind: 'versioning'; readonly versioning: Versioning };

const metadata = { contentType: 'text/plain', headers: {}, user: {} };

async function* body({ seed, size }: { readonly seed: number; readonly size: number }): AsyncGenerator<Uint8Array> {
  const bytes = contentOf(seed, size);
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

/** The same on every store that is in the same state, also where it is refused. */
export async function perform(store: ObjectStore, bucket: string, operation: BucketOperation): Promise<void> {
  try {
    await attempt(store, bucket, operation);
  } catch (error) {
    const { kind } = HoldfastError.from(error);
    if (kind !== 'not-found' && kind !== 'conflict') throw error;
  }
}

async function attempt(store: ObjectStore, bucket: string, operation: BucketOperation): Promise<void> {
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
  }
}

function copyOf<T>(value: T): T {
  return structuredClone(value);
}

/** All that can be seen of the bucket, with every byte read, but for what no two stores have in common. */
export async function describeBucket(store: ObjectStore, bucket: string): Promise<readonly string[]> {
  const found = store.bucket(bucket);
  if (!found) return ['no bucket'];
  const { versions } = await store.listVersions({ bucket, limit: 1000 });
  const shown = await Promise.all(
    versions.map(async ({ key, versionId, isLatest, deleteMarker, etag, metadata }) => {
      const what = deleteMarker ? 'delete marker' : `${etag} ${await digest(store, { bucket, key, versionId })}`;
      const tags = metadata.headers['x-amz-tagging'] ?? '';
      return `${key} ${versionId === 'null' ? 'null' : 'id'} ${isLatest ? 'latest' : ''} ${what} ${tags}`;
    }),
  );
  const { objects } = await store.list({ bucket, limit: 1000 });
  const { objects: count, bytes } = await store.usage(bucket);
  return [found.versioning, `${count} objects, ${bytes} bytes`, ...shown, `current: ${objects.map(({ key }) => key)}`];
}

interface Named {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

async function digest(store: ObjectStore, { bucket, key, versionId }: Named): Promise<string> {
  const hash = createHash('sha256');
  const read = await store.open(bucket, key, { versionId });
  try {
    for await (const bytes of read.body()) hash.update(bytes);
  } finally {
    read.release();
  }
  return hash.digest('hex').slice(0, 16);
}
