import { expect, test } from 'vitest';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { anyOperation, type BucketOperation, describeBucket, perform } from './object-bucket-operations.ts';
import { storeSizes } from './object-engine-history.ts';

const BUCKETS = 8;
const OPERATIONS = 200;
const LIVES = 3;

/** What another one writes must not be missed by who reads beside it: each bucket has one writer, which knows what it wrote. */
test(`${BUCKETS} buckets that are changed at the same time list what was answered, after every change`, async () => {
  await using directory = await temporaryDirectory();
  const model = new MemoryObjectStore({ minPartBytes: 1 });
  const names = Array.from({ length: BUCKETS }, (_, number) => `bucket-${number}`);
  for (let life = 0; life < LIVES; life++) {
    const store = await openEngine({ directory: directory.path, ...storeSizes });
    try {
      if (life === 0) for (const name of names) for (const one of [store, model]) await one.createBucket(name);
      await Promise.all(names.map((name) => change(store, name)));
      for (const name of names) expect(await describeBucket(store, name)).toEqual(await describeBucket(model, name));
    } finally {
      await store.close();
    }
  }

  async function change(store: ObjectStore, bucket: string): Promise<void> {
    for (let i = 0; i < OPERATIONS; i++) {
      const operation = anyOperation();
      for (const one of [store, model]) await perform(one, bucket, operation);
      const [found, expected] = [await listed(store, bucket, operation), await listed(model, bucket, operation)];
      expect(found, `${bucket} after ${JSON.stringify(operation)}`).toEqual(expected);
    }
  }
});

/** The versions of the bucket, or the fork of it, that was changed. */
async function listed(store: ObjectStore, name: string, { fork }: BucketOperation): Promise<readonly string[]> {
  const bucket = fork === undefined ? name : `${name}-${fork}`;
  if (!store.bucket(bucket)) return [];
  const { versions } = await store.listVersions({ bucket, limit: 1000 });
  return versions.map(({ key, isLatest, deleteMarker, etag }) => `${key} ${isLatest} ${deleteMarker || etag}`);
}
