import { writeSync } from 'node:fs';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import { anyOperation, type BucketOperation, perform } from './object-bucket-operations.ts';
import { storeSizes } from './object-engine-history.ts';

/**
 * Changes the buckets `bucket-0`, `bucket-1`, … of the store in argv[2] until it is killed, each bucket by one
 * operation after the other. Says before and after each, a line on stdout, which it is.
 */
const [directory = '', buckets = '4'] = process.argv.slice(2);
const store = await openObjectStore({ directory, ...storeSizes });

const say = (word: 'try' | 'done', bucket: number, operation: BucketOperation) => {
  writeSync(1, `${JSON.stringify({ word, bucket, operation })}\n`);
};

async function change(number: number): Promise<never> {
  const bucket = `bucket-${number}`;
  if (!store.bucket(bucket)) await store.createBucket(bucket);
  for (;;) {
    const operation = anyOperation();
    say('try', number, operation);
    await perform(store, bucket, operation);
    say('done', number, operation);
  }
}

await Promise.all(Array.from({ length: Number(buckets) }, (_, number) => change(number)));
