import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineObjectStore } from './engine-object-store.ts';
import { isHoldfastCode } from './errors.ts';
import { compareKeys } from './listing.ts';
import { openEngine } from './open-object-store.ts';

/** Random histories against a map: after each step the store holds what the map holds. */

const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 32 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const BUCKETS = ['first', 'second'];

const bucket = fc.constantFrom(...BUCKETS);
const key = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', 'ä', '😀', '\uffee');
const size = fc.oneof(fc.nat(100), fc.constantFrom(0, 30_000, 32_768, 32_769, 90_000));
const place = fc.record({ bucket, key });

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('put' as const), to: place, size, fill: fc.nat(255) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), to: place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('copy' as const), from: place, to: place }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('multipart' as const),
      to: place,
      parts: fc.array(size, { minLength: 1, maxLength: 3 }),
      abort: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop-bucket' as const), bucket }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'rebuild' as const, 'settle' as const) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Model = Map<string, Map<string, Buffer>>;

class Run {
  readonly #directory: string;
  readonly #model: Model = new Map(BUCKETS.map((name) => [name, new Map()]));
  #store: EngineObjectStore;

  private constructor(directory: string, store: EngineObjectStore) {
    this.#directory = directory;
    this.#store = store;
  }

  static async begin(): Promise<Run> {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-model-'));
    const store = await openEngine({ directory, ...sizes });
    for (const name of BUCKETS) await store.createBucket(name);
    return new Run(directory, store);
  }

  async perform(step: Step): Promise<void> {
    switch (step.kind) {
      case 'put':
        return this.#put(step.to, Buffer.alloc(step.size, step.fill));
      case 'remove':
        this.#objects(step.to.bucket).delete(step.to.key);
        return this.#store.remove(step.to.bucket, step.to.key);
      case 'copy':
        return this.#copy(step.from, step.to);
      case 'multipart':
        return this.#multipart(step.to, step.parts, step.abort);
      case 'drop-bucket':
        await this.#store.deleteBucket(step.bucket, { force: true });
        await this.#store.createBucket(step.bucket);
        return this.#objects(step.bucket).clear();
      case 'settle':
        return this.#store.settle();
      default:
        return this.#reopen(step.kind === 'rebuild');
    }
  }

  async #put(to: { bucket: string; key: string }, bytes: Buffer): Promise<void> {
    await this.#store.put({ ...to, body: chunks(bytes), metadata });
    this.#objects(to.bucket).set(to.key, bytes);
  }

  async #copy(source: { bucket: string; key: string }, target: { bucket: string; key: string }): Promise<void> {
    const bytes = this.#objects(source.bucket).get(source.key);
    const copying = this.#store.copy({ source, target });
    if (!bytes) return expect(copying).rejects.toSatisfy((error) => isHoldfastCode(error, 'object.not-found'));
    await copying;
    this.#objects(target.bucket).set(target.key, bytes);
  }

  async #multipart(to: { bucket: string; key: string }, sizes: readonly number[], abort: boolean): Promise<void> {
    const contents = sizes.map((size, i) => Buffer.alloc(Math.max(size, 1), i));
    const { uploadId } = await this.#store.createUpload(to.bucket, to.key, metadata);
    const parts = [];
    for (const [i, content] of contents.entries()) {
      parts.push(await this.#store.putPart({ ...to, uploadId, partNumber: i + 1, body: chunks(content) }));
    }
    if (abort) return this.#store.abortUpload({ ...to, uploadId });
    await this.#store.completeUpload({ ...to, uploadId, parts });
    this.#objects(to.bucket).set(to.key, Buffer.concat(contents));
  }

  async #reopen(withoutIndex: boolean): Promise<void> {
    await this.#store.close();
    if (withoutIndex) await rm(join(this.#directory, 'index'), { recursive: true });
    this.#store = await openEngine({ directory: this.#directory, ...sizes });
  }

  async check(): Promise<void> {
    for (const name of BUCKETS) {
      const objects = this.#objects(name);
      const page = await this.#store.list({ bucket: name, limit: 100 });
      expect(page.objects.map(({ key }) => key)).toEqual([...objects.keys()].sort(compareKeys));
      const bytes = [...objects.values()].reduce((sum, { length }) => sum + length, 0);
      expect(this.#store.usage(name)).toEqual({ objects: objects.size, bytes });
    }
  }

  async checkContents(): Promise<void> {
    for (const name of BUCKETS) {
      for (const [key, bytes] of this.#objects(name)) {
        const object = await this.#store.open(name, key);
        const found: Uint8Array[] = [];
        for await (const chunk of object.body()) found.push(chunk);
        object.release();
        expect(Buffer.concat(found).equals(bytes), `${name}/${key}`).toBe(true);
      }
    }
  }

  async end(): Promise<void> {
    await this.#store.close();
    await rm(this.#directory, { recursive: true });
  }

  #objects(name: string): Map<string, Buffer> {
    const objects = this.#model.get(name);
    if (!objects) throw new Error(name);
    return objects;
  }
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 20_000) yield bytes.subarray(at, at + 20_000);
}

test('the engine is a map that survives being closed, and losing its index', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const run = await Run.begin();
      try {
        for (const step of steps) {
          await run.perform(step);
          await run.check();
        }
        await run.checkContents();
        await run.perform({ kind: 'rebuild' });
        await run.check();
        await run.checkContents();
      } finally {
        await run.end();
      }
    }),
    { numRuns: 25 },
  );
});
