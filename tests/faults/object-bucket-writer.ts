import { randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import { type BucketOperation, FORKS, perform } from './object-bucket-operations.ts';
import { storeSizes } from './object-engine-history.ts';

/**
 * Changes the buckets `bucket-0`, `bucket-1`, … of the store in argv[2] until it is killed, each bucket by one
 * operation after the other. Says before and after each, a line on stdout, which it is.
 */
const [directory = '', buckets = '4'] = process.argv.slice(2);
const store = await openObjectStore({ directory, ...storeSizes });
const VERSIONING = ['enabled', 'enabled', 'suspended'] as const;

const say = (word: 'try' | 'done', bucket: number, operation: BucketOperation) => {
  writeSync(1, `${JSON.stringify({ word, bucket, operation })}\n`);
};

const SNAPSHOTS = ['noon', 'midnight'];
const any = <T>(values: readonly T[]): T => values[randomInt(values.length)] as T;

function anyOperation(): BucketOperation {
  return { fork: randomInt(3) === 0 ? any(FORKS) : undefined, change: anyChange() };
}

function anyChange(): BucketOperation['change'] {
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
