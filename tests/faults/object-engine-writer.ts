import { createHash, randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import type { MultipartUpload, PartInfo } from '../../src/objects/store/upload.ts';
import { contentOf, type Operation, storeSizes } from './object-engine-history.ts';
import type { Said } from './object-engine-judge.ts';
import { allUploads } from './object-engine-uploads.ts';

/**
 * Writes to the store in argv[2] until it is killed. Says on stdout, a line each, what it
 * is about to do and what was answered: a line that was written before the kill is read
 * by the parent, because the pipe outlives the process.
 */
const [directory = '', writers = '8', bucket = 'data'] = process.argv.slice(2);
const store = await openObjectStore({ directory, ...storeSizes });
if (!store.bucket(bucket)) await store.createBucket(bucket);

const say = (said: Said) => {
  writeSync(1, `${JSON.stringify(said)}\n`);
};

const metadata = { contentType: 'application/octet-stream', headers: {}, user: {} };

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

async function perform(operation: Operation): Promise<void> {
  const { kind, key, seed, size } = operation;
  if (kind === 'multipart') return uploadByParts(operation);
  say({ word: 'try', operation });
  if (kind === 'remove') await store.remove(bucket, key);
  else await store.put({ bucket, key, body: pieces(contentOf(seed, size)), metadata });
  say({ word: 'done', operation });
}

/** One in three is left for the next life to go on with. */
async function uploadByParts(operation: Operation): Promise<void> {
  const { key, seed, size, writer } = operation;
  const user = { seed: String(seed), size: String(size), writer: String(writer) };
  const { uploadId } = await store.createUpload(bucket, key, { ...metadata, user });
  say({ word: 'begun', upload: { uploadId, key } });
  const isLeft = randomInt(3) === 0;
  const parts = await putParts({ key, uploadId, contents: partsOf(operation).slice(0, isLeft ? -1 : undefined) });
  if (!isLeft) await complete({ ...operation, uploadId }, parts);
}

interface Parts {
  readonly key: string;
  readonly uploadId: string;
  readonly contents: readonly Buffer[];
}

/** All at once; some that nobody names are replaced. */
function putParts({ contents, ...upload }: Parts): Promise<readonly PartInfo[]> {
  return Promise.all(
    contents.map(async (content, i) => {
      const ref = { bucket, ...upload, partNumber: i + 1 };
      if (randomInt(4) === 0) await store.putPart({ ...ref, body: pieces(contentOf(randomInt(2 ** 31), 70_000)) });
      const part = await store.putPart({ ...ref, body: pieces(content) });
      say({ word: 'part', upload, part });
      return part;
    }),
  );
}

async function complete(operation: Operation & { readonly uploadId: string }, parts: readonly PartInfo[]) {
  const { key, uploadId } = operation;
  say({ word: 'try', operation });
  await store.completeUpload({ bucket, key, uploadId, parts });
  say({ word: 'done', operation });
}

/** One to three, in the journal and in files of their own. */
function partsOf({ seed, size }: Pick<Operation, 'seed' | 'size'>): readonly Buffer[] {
  const bytes = contentOf(seed, size);
  const length = Math.max(1, Math.ceil(size / (1 + (seed % 3))));
  const count = Math.max(1, Math.ceil(size / length));
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

/** With the parts that are there, as a client that lists them does. */
async function resume({ uploadId, key, metadata: { user } }: MultipartUpload, writer: number): Promise<void> {
  const [seed, size] = [Number(user.seed), Number(user.size)];
  const there = await store.listParts({ bucket, key, uploadId });
  const parts: PartInfo[] = [];
  for (const [i, content] of partsOf({ seed, size }).entries()) {
    const etag = createHash('md5').update(content).digest('hex');
    const kept = there.find((part) => part.partNumber === i + 1 && part.etag === etag);
    parts.push(kept ?? (await store.putPart({ bucket, key, uploadId, partNumber: i + 1, body: pieces(content) })));
  }
  await complete({ kind: 'multipart', key, seed, size, writer, uploadId }, parts);
  say({ word: 'resumed', upload: { uploadId, key } });
}

/** Most keys are its own; those that all write are overwritten at the same time. */
async function write(writer: number, left: readonly MultipartUpload[]): Promise<never> {
  const own = left.filter(({ metadata: { user } }) => user.writer === String(writer));
  for (const upload of own) if (randomInt(4) === 0) await resume(upload, writer); // others wait while compaction moves them
  for (;;) {
    const key = randomInt(4) === 0 ? `shared/key-${randomInt(4)}` : `writer-${writer}/key-${randomInt(12)}`;
    const size = randomInt(4) === 0 ? randomInt(200_000) : randomInt(6000);
    const chance = randomInt(20);
    const kind = chance < 13 ? 'put' : chance < 18 ? 'remove' : 'multipart';
    await perform({ kind, key, seed: randomInt(2 ** 31), size, writer });
  }
}

const left = await allUploads(store, bucket);
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer, left)));
