import { randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import { contentOf, type Operation, storeSizes } from './object-engine-history.ts';

/**
 * Writes to the store in argv[2] until it is killed. Says on stdout, a line each, what it
 * is about to do and what was answered: a line that was written before the kill is read
 * by the parent, because the pipe outlives the process.
 */
const [directory = '', writers = '8', bucket = 'data'] = process.argv.slice(2);
const store = await openObjectStore({ directory, ...storeSizes });
if (!store.bucket(bucket)) await store.createBucket(bucket);

const say = (word: 'try' | 'done', writer: number, operation: Operation) => {
  writeSync(1, `${JSON.stringify({ word, writer, operation })}\n`);
};

const metadata = { contentType: 'application/octet-stream', headers: {}, user: {} };

async function* body(seed: number, size: number): AsyncGenerator<Uint8Array> {
  const bytes = contentOf(seed, size);
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

async function perform(operation: Operation): Promise<void> {
  const { key } = operation;
  if (operation.kind === 'remove') {
    await store.remove(bucket, key);
    return;
  }
  const { seed, size } = operation;
  if (operation.kind === 'put') {
    await store.put({ bucket, key, body: body(seed, size), metadata });
    return;
  }
  const { uploadId } = await store.createUpload(bucket, key, metadata);
  const upload = { bucket, key, uploadId };
  const part = await store.putPart({ ...upload, partNumber: 1, body: body(seed, size) });
  await store.completeUpload({ ...upload, parts: [part] });
}

/** Each writer has keys of its own, so that the order of its answers is the order of the keys' history. */
async function write(writer: number): Promise<never> {
  for (;;) {
    const key = `writer-${writer}/key-${randomInt(12)}`;
    const size = randomInt(4) === 0 ? randomInt(200_000) : randomInt(6000);
    const chance = randomInt(20);
    const kind = chance < 13 ? 'put' : chance < 18 ? 'remove' : 'multipart';
    const operation: Operation = { kind, key, seed: randomInt(2 ** 31), size };
    say('try', writer, operation);
    await perform(operation);
    say('done', writer, operation);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
