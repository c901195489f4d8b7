import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BucketModel,
  type ModelKeys,
  type ModelVersion,
  sortedKeys,
  usageOf,
} from '../../../tests/support/bucket-model.ts';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { isHoldfastCode } from '../../core/errors.ts';
import type { VersionMarker } from '../store/list.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

/** Random histories against maps: every bucket, snapshot and fork holds what its map holds. */

const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 32 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const MAX_BUCKETS = 5;

/** Of those that there are, by number. */
const pick = fc.nat(59);
const key = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', 'ä', '😀', '\uffee');
/** Many that fill the journal fast, so that compaction has to do. */
const size = fc.oneof(fc.nat(100), fc.constantFrom(0, 20_000, 30_000, 32_768, 32_768, 32_769, 90_000));
const place = fc.record({ bucket: pick, key });

const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), to: place, size, fill: fc.nat(255) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('remove' as const), to: place }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('copy' as const), from: place, snapshot: pick, to: place }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('multipart' as const),
      to: place,
      parts: fc.array(size, { minLength: 1, maxLength: 3 }),
      abort: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('remove-version' as const), to: place, pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('tag' as const),
      to: place,
      pick,
      tag: fc.option(fc.constantFrom('x', 'longer than that'), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('versioning' as const),
      bucket: pick,
      to: fc.constantFrom('enabled' as const, 'suspended' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('snapshot' as const, 'drop-bucket' as const), bucket: pick }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('fork' as const, 'drop-snapshot' as const), bucket: pick, pick }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'rebuild' as const, 'settle' as const) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Place = { readonly bucket: number; readonly key: string };

class Run {
  readonly #directory: string;
  readonly #buckets: BucketModel[] = [];
  #store: EngineObjectStore;
  #made = 0;

  private constructor(directory: string, store: EngineObjectStore) {
    this.#directory = directory;
    this.#store = store;
  }

  static async begin(): Promise<Run> {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-model-'));
    const run = new Run(directory, await openEngine({ directory, ...sizes }));
    for (const _ of [1, 2]) await run.#createBucket();
    return run;
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
        await this.#store.updateBucket(this.#bucket(step.bucket).name, { versioning: step.to });
        this.#bucket(step.bucket).versioning = step.to;
        return;
      case 'copy':
        return this.#copy(step.from, step.snapshot, step.to);
      case 'multipart':
        return this.#multipart(step.to, step.parts, step.abort);
      case 'snapshot':
        return this.#snapshot(this.#bucket(step.bucket));
      case 'drop-snapshot':
        return this.#dropSnapshot(this.#bucket(step.bucket), step.pick);
      case 'fork':
        return this.#fork(this.#bucket(step.bucket), step.pick);
      case 'drop-bucket':
        return this.#dropBucket(this.#bucket(step.bucket));
      case 'settle':
        return this.#store.settle();
      default:
        return this.#reopen(step.kind === 'rebuild');
    }
  }

  async #createBucket(): Promise<void> {
    const name = `plain-${this.#made++}`;
    await this.#store.createBucket(name);
    this.#buckets.push(new BucketModel({ name }));
  }

  async #put({ bucket, key }: Place, bytes: Buffer): Promise<void> {
    const to = this.#bucket(bucket);
    const { versionId } = await this.#store.put({ bucket: to.name, key, body: chunks(bytes), metadata });
    add(to, key, { versionId, bytes });
  }

  async #remove({ bucket, key }: Place): Promise<void> {
    const from = this.#bucket(bucket);
    const { versionId = 'null', deleteMarker } = await this.#store.remove(from.name, key);
    const isVersioned = from.versioning !== 'disabled';
    expect(deleteMarker).toBe(isVersioned);
    if (isVersioned) add(from, key, { versionId, bytes: undefined });
    else from.keys.delete(key);
  }

  async #removeVersion({ bucket, key }: Place, pick: number): Promise<void> {
    const from = this.#bucket(bucket);
    const versions = from.versions(key);
    const gone = versions[pick % Math.max(versions.length, 1)];
    const versionId = gone?.versionId ?? 'null';
    const removed = await this.#store.remove(from.name, key, { versionId });
    expect(removed).toEqual({ versionId, deleteMarker: gone !== undefined && gone.bytes === undefined });
    if (gone) from.remove(key, gone);
  }

  async #tag({ bucket, key }: Place, pick: number, tag: string | undefined): Promise<void> {
    const of = this.#bucket(bucket);
    const versions = of.versions(key);
    const version = versions[pick % Math.max(versions.length, 1)];
    const change = { versionId: version?.versionId, headers: { tag } };
    if (!version?.bytes) return expect(this.#store.updateMetadata(of.name, key, change)).rejects.toThrow();
    const before = await this.#store.head(of.name, key, { versionId: version.versionId });
    const after = await this.#store.updateMetadata(of.name, key, change);
    expect({ ...after, metadata }).toEqual({ ...before, metadata });
    of.tag(key, version, tag);
  }

  async #copy(from: Place, pick: number, { bucket, key }: Place): Promise<void> {
    const source = this.#bucket(from.bucket);
    const target = this.#bucket(bucket);
    const { snapshot, keys } = moment(source, pick);
    const [current] = keys.get(from.key) ?? [];
    const copying = this.#store.copy({
      source: { bucket: source.name, key: from.key, snapshot },
      target: { bucket: target.name, key },
    });
    if (!current?.bytes) return expect(copying).rejects.toSatisfy((error) => isHoldfastCode(error, 'object.not-found'));
    add(target, key, { ...current, versionId: (await copying).versionId });
  }

  async #multipart({ bucket, key }: Place, sizes: readonly number[], abort: boolean): Promise<void> {
    const to = this.#bucket(bucket);
    const contents = sizes.map((size, i) => Buffer.alloc(Math.max(size, 1), i));
    const { uploadId } = await this.#store.createUpload(to.name, key, metadata);
    const upload = { bucket: to.name, key, uploadId };
    const parts = [];
    for (const [i, content] of contents.entries()) {
      parts.push(await this.#store.putPart({ ...upload, partNumber: i + 1, body: chunks(content) }));
    }
    if (abort) return this.#store.abortUpload(upload);
    const { versionId } = await this.#store.completeUpload({ ...upload, parts });
    add(to, key, { versionId, bytes: Buffer.concat(contents) });
  }

  async #snapshot(bucket: BucketModel): Promise<void> {
    const { id } = await this.#store.createSnapshot(bucket.name);
    bucket.snapshots.set(id, new Map(bucket.keys));
  }

  async #dropSnapshot(bucket: BucketModel, pick: number): Promise<void> {
    const { snapshot } = moment(bucket, pick);
    if (snapshot === undefined) return;
    await this.#store.deleteSnapshot(bucket.name, snapshot);
    bucket.snapshots.delete(snapshot);
  }

  async #fork(of: BucketModel, pick: number): Promise<void> {
    if (this.#buckets.length >= MAX_BUCKETS) return;
    const { snapshot, keys } = moment(of, pick);
    const name = `fork-${this.#made++}`;
    await this.#store.createBucket(name, { from: { bucket: of.name, snapshot } });
    this.#buckets.push(of.fork(name, keys));
  }

  async #dropBucket(bucket: BucketModel): Promise<void> {
    const dropping = this.#store.deleteBucket(bucket.name, { force: true });
    if (bucket.forks.size > 0) {
      return expect(dropping).rejects.toSatisfy((error) => isHoldfastCode(error, 'bucket.has-forks'));
    }
    await dropping;
    bucket.base?.bucket.forks.delete(bucket);
    this.#buckets.splice(this.#buckets.indexOf(bucket), 1);
    if (this.#buckets.length === 0) await this.#createBucket();
  }

  async #reopen(withoutIndex: boolean): Promise<void> {
    await this.#store.close();
    if (withoutIndex) await rm(join(this.#directory, 'index'), { recursive: true });
    this.#store = await openEngine({ directory: this.#directory, ...sizes });
  }

  async check(): Promise<void> {
    for (const bucket of this.#buckets) {
      await this.#checkKeys(bucket.name, bucket.keys);
      const { retained: _retained, ...usage } = await this.#store.usage(bucket.name);
      expect(usage).toEqual(usageOf([...bucket.keys.values()].flat()));
      for (const [snapshot, keys] of bucket.snapshots) await this.#checkKeys(bucket.name, keys, snapshot);
      const snapshots = [...bucket.snapshots].map(([id, keys]) => ({ id, ...usageOf([...keys.values()].flat()) }));
      expect(await this.#store.snapshots(bucket.name)).toMatchObject(snapshots);
    }
  }

  async #checkKeys(bucket: string, keys: ModelKeys, snapshot?: string): Promise<void> {
    const sorted = sortedKeys(keys);
    const current = sorted.filter((key) => keys.get(key)?.[0]?.bytes);
    const page = await this.#store.list({ bucket, snapshot, limit: 100 });
    const found = page.objects.map(({ key, headers }) => [key, headers.tag]);
    expect(found).toEqual(current.map((key) => [key, keys.get(key)?.[0]?.tag]));

    const grouped = await this.#store.list({ bucket, snapshot, delimiter: '/', limit: 100 });
    expect(grouped.objects.map(({ key }) => key)).toEqual(current.filter((key) => !key.includes('/')));
    expect(grouped.commonPrefixes).toEqual(current.some((key) => key.startsWith('a/')) ? ['a/'] : []);

    const expected = sorted.flatMap((key) =>
      (keys.get(key) ?? []).map(({ versionId, bytes, tag }, i) => ({
        key,
        versionId,
        tag,
        size: bytes?.length ?? 0,
        isLatest: i === 0,
        deleteMarker: bytes === undefined,
      })),
    );
    expect(await this.#listedVersions(bucket, snapshot)).toEqual(expected);
  }

  async #listedVersions(bucket: string, snapshot: string | undefined) {
    const found: unknown[] = [];
    for (let after: VersionMarker | undefined; ; ) {
      const page = await this.#store.listVersions({ bucket, snapshot, after, limit: 3 });
      for (const { key, versionId, metadata, size, isLatest, deleteMarker } of page.versions) {
        found.push({ key, versionId, tag: metadata.headers.tag, size, isLatest, deleteMarker });
      }
      after = page.next;
      if (!after) return found;
    }
  }

  /** Every byte can be read, and nothing else is kept. */
  async checkContents(): Promise<void> {
    await this.#store.settle();
    for (const bucket of this.#buckets) {
      const { objects, bytes } = usageOf(bucket.retained());
      const { retained = { objects: 0, bytes: 0 } } = await this.#store.usage(bucket.name);
      expect(retained).toEqual({ objects, bytes });
      await this.#checkBytes(bucket.name, bucket.keys);
      for (const [snapshot, keys] of bucket.snapshots) await this.#checkBytes(bucket.name, keys, snapshot);
    }
  }

  async #checkBytes(bucket: string, keys: ModelKeys, snapshot?: string): Promise<void> {
    for (const [key, versions] of keys) {
      for (const { versionId, bytes } of versions) {
        if (!bytes) continue;
        const object = await this.#store.open(bucket, key, { versionId, snapshot });
        const found = Buffer.concat(await Array.fromAsync(object.body()));
        object.release();
        expect(found.equals(bytes), `${bucket}/${key} ${versionId} ${snapshot}`).toBe(true);
      }
    }
  }

  /** Without buckets there is nothing on the disk that anyone needs. */
  async checkNothingStays(): Promise<void> {
    for (const { name } of this.#buckets.toReversed()) await this.#store.deleteBucket(name, { force: true });
    await this.#store.settle();
    await this.#store.close();
    expect(await dataFiles(this.#directory)).toEqual([]);
  }

  async end(): Promise<void> {
    await this.#store.close();
    await rm(this.#directory, { recursive: true });
  }

  #bucket(number: number): BucketModel {
    const bucket = this.#buckets[number % this.#buckets.length];
    if (!bucket) throw new Error('no bucket');
    return bucket;
  }
}

function add(bucket: BucketModel, key: string, version: Omit<ModelVersion, 'owner'>): void {
  expect(version.versionId === 'null').toBe(bucket.versioning !== 'enabled');
  bucket.add(key, version);
}

/** The present, or one of the snapshots. */
function moment({ keys, snapshots }: BucketModel, pick: number): { snapshot: string | undefined; keys: ModelKeys } {
  const [snapshot, copy] = [[undefined, keys] as const, ...snapshots][pick % (snapshots.size + 1)] ?? [];
  return { snapshot, keys: copy ?? keys };
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 20_000) yield bytes.subarray(at, at + 20_000);
}

test('the engine is a map of maps that survives being closed, and losing its index', async () => {
  const history = fc.array(step, { minLength: 40, maxLength: 160, size: 'max' });
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 1, max: 10 }), async (steps, interval) => {
      const run = await Run.begin();
      try {
        for (const [i, step] of steps.entries()) {
          await run.perform(step);
          if (i % interval === 0) await run.check();
        }
        await run.check();
        await run.checkContents();
        await run.perform({ kind: 'rebuild' });
        await run.check();
        await run.checkContents();
        await run.checkNothingStays();
      } finally {
        await run.end();
      }
    }),
    { numRuns: 12 },
  );
});
