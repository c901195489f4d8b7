import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineObjectStore } from './engine-object-store.ts';
import { isHoldfastCode } from './errors.ts';
import { compareKeys } from './listing.ts';
import type { Versioning, VersionMarker } from './object-store.ts';
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
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('remove-version' as const), to: place, pick: fc.nat(9) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tag' as const),
      to: place,
      pick: fc.nat(9),
      tag: fc.option(fc.constantFrom('x', 'longer than that'), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('versioning' as const),
      bucket,
      to: fc.constantFrom('enabled' as const, 'suspended' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop-bucket' as const), bucket }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'rebuild' as const, 'settle' as const) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** `bytes`: none for a delete marker. */
interface ModelVersion {
  readonly versionId: string;
  readonly bytes: Buffer | undefined;
  /** A header that is changed in place. */
  readonly tag?: string | undefined;
}

interface ModelBucket {
  versioning: Versioning;
  /** Newest first. */
  readonly keys: Map<string, ModelVersion[]>;
}

type Model = Map<string, ModelBucket>;
type Place = { readonly bucket: string; readonly key: string };

const emptyBucket = (): ModelBucket => ({ versioning: 'disabled', keys: new Map() });

class Run {
  readonly #directory: string;
  readonly #model: Model = new Map(BUCKETS.map((name) => [name, emptyBucket()]));
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
        return this.#remove(step.to);
      case 'remove-version':
        return this.#removeVersion(step.to, step.pick);
      case 'tag':
        return this.#tag(step.to, step.pick, step.tag);
      case 'versioning':
        await this.#store.updateBucket(step.bucket, { versioning: step.to });
        this.#bucket(step.bucket).versioning = step.to;
        return;
      case 'copy':
        return this.#copy(step.from, step.to);
      case 'multipart':
        return this.#multipart(step.to, step.parts, step.abort);
      case 'drop-bucket':
        await this.#store.deleteBucket(step.bucket, { force: true });
        await this.#store.createBucket(step.bucket);
        this.#model.set(step.bucket, emptyBucket());
        return;
      case 'settle':
        return this.#store.settle();
      default:
        return this.#reopen(step.kind === 'rebuild');
    }
  }

  async #put(to: Place, bytes: Buffer): Promise<void> {
    const { versionId } = await this.#store.put({ ...to, body: chunks(bytes), metadata });
    this.#add(to, { versionId, bytes });
  }

  async #remove(to: Place): Promise<void> {
    const { versionId = 'null', deleteMarker } = await this.#store.remove(to.bucket, to.key);
    const isVersioned = this.#bucket(to.bucket).versioning !== 'disabled';
    expect(deleteMarker).toBe(isVersioned);
    if (isVersioned) this.#add(to, { versionId, bytes: undefined });
    else this.#bucket(to.bucket).keys.delete(to.key);
  }

  async #removeVersion({ bucket, key }: Place, pick: number): Promise<void> {
    const versions = this.#versions({ bucket, key });
    const [gone] = versions.splice(pick % Math.max(versions.length, 1), 1);
    const versionId = gone?.versionId ?? 'null';
    const removed = await this.#store.remove(bucket, key, { versionId });
    expect(removed).toEqual({ versionId, deleteMarker: gone !== undefined && gone.bytes === undefined });
  }

  async #tag({ bucket, key }: Place, pick: number, tag: string | undefined): Promise<void> {
    const versions = this.#versions({ bucket, key });
    const at = pick % Math.max(versions.length, 1);
    const version = versions[at];
    const change = { versionId: version?.versionId, headers: { tag } };
    if (!version?.bytes) return expect(this.#store.updateMetadata(bucket, key, change)).rejects.toThrow();
    const before = await this.#store.head(bucket, key, version);
    const after = await this.#store.updateMetadata(bucket, key, change);
    expect({ ...after, metadata }).toEqual({ ...before, metadata });
    versions[at] = { ...version, tag };
  }

  async #copy(source: Place, target: Place): Promise<void> {
    const current = this.#versions(source)[0];
    const copying = this.#store.copy({ source, target });
    if (!current?.bytes) return expect(copying).rejects.toSatisfy((error) => isHoldfastCode(error, 'object.not-found'));
    this.#add(target, { ...current, versionId: (await copying).versionId });
  }

  async #multipart(to: { bucket: string; key: string }, sizes: readonly number[], abort: boolean): Promise<void> {
    const contents = sizes.map((size, i) => Buffer.alloc(Math.max(size, 1), i));
    const { uploadId } = await this.#store.createUpload(to.bucket, to.key, metadata);
    const parts = [];
    for (const [i, content] of contents.entries()) {
      parts.push(await this.#store.putPart({ ...to, uploadId, partNumber: i + 1, body: chunks(content) }));
    }
    if (abort) return this.#store.abortUpload({ ...to, uploadId });
    const { versionId } = await this.#store.completeUpload({ ...to, uploadId, parts });
    this.#add(to, { versionId, bytes: Buffer.concat(contents) });
  }

  async #reopen(withoutIndex: boolean): Promise<void> {
    await this.#store.close();
    if (withoutIndex) await rm(join(this.#directory, 'index'), { recursive: true });
    this.#store = await openEngine({ directory: this.#directory, ...sizes });
  }

  async check(): Promise<void> {
    for (const [name, { keys }] of this.#model) {
      const sorted = [...keys.keys()].sort(compareKeys);
      const page = await this.#store.list({ bucket: name, limit: 100 });
      const current = sorted.filter((key) => this.#current({ bucket: name, key }));
      const tags = current.map((key) => this.#versions({ bucket: name, key })[0]?.tag);
      expect(page.objects.map(({ key }) => key)).toEqual(current);
      expect(page.objects.map(({ metadata }) => metadata.headers.tag)).toEqual(tags);

      const expected = sorted.flatMap((key) =>
        this.#versions({ bucket: name, key }).map(({ versionId, bytes, tag }, i) => ({
          key,
          versionId,
          tag,
          size: bytes?.length ?? 0,
          isLatest: i === 0,
          deleteMarker: bytes === undefined,
        })),
      );
      expect(await this.#listedVersions(name)).toEqual(expected);
      const stored = expected.filter(({ deleteMarker }) => !deleteMarker);
      const bytes = stored.reduce((sum, { size }) => sum + size, 0);
      expect(await this.#store.usage(name)).toEqual({ objects: stored.length, bytes });
    }
  }

  async #listedVersions(bucket: string) {
    const found: unknown[] = [];
    for (let after: VersionMarker | undefined; ; ) {
      const page = await this.#store.listVersions({ bucket, after, limit: 3 });
      for (const { key, versionId, metadata, size, isLatest, deleteMarker } of page.versions) {
        found.push({ key, versionId, tag: metadata.headers.tag, size, isLatest, deleteMarker });
      }
      after = page.next;
      if (!after) return found;
    }
  }

  async checkContents(): Promise<void> {
    for (const [name, { keys }] of this.#model) {
      for (const [key, versions] of keys) {
        for (const { versionId, bytes } of versions) if (bytes) await this.#checkBytes(name, key, { versionId, bytes });
      }
    }
  }

  async #checkBytes(bucket: string, key: string, { versionId, bytes }: { versionId: string; bytes: Buffer }) {
    const object = await this.#store.open(bucket, key, { versionId });
    const found: Uint8Array[] = [];
    for await (const chunk of object.body()) found.push(chunk);
    object.release();
    expect(Buffer.concat(found).equals(bytes), `${bucket}/${key} ${versionId}`).toBe(true);
  }

  async end(): Promise<void> {
    await this.#store.close();
    await rm(this.#directory, { recursive: true });
  }

  /** The null version takes the place of the one before. */
  #add(to: Place, version: ModelVersion): void {
    const isNull = this.#bucket(to.bucket).versioning !== 'enabled';
    expect(version.versionId === 'null').toBe(isNull);
    const kept = this.#versions(to).filter(({ versionId }) => !isNull || versionId !== 'null');
    this.#bucket(to.bucket).keys.set(to.key, [version, ...kept]);
  }

  #current(place: Place): Buffer | undefined {
    return this.#versions(place)[0]?.bytes;
  }

  #versions({ bucket, key }: Place): ModelVersion[] {
    return this.#bucket(bucket).keys.get(key) ?? [];
  }

  #bucket(name: string): ModelBucket {
    const bucket = this.#model.get(name);
    if (!bucket) throw new Error(name);
    return bucket;
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
