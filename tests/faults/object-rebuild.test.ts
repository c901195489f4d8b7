import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { HoldfastError } from '../../src/core/errors.ts';
import type { EngineObjectStore } from '../../src/objects/engine/engine-object-store.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { VersionMarker } from '../../src/objects/store/list.ts';
import type { PartInfo } from '../../src/objects/store/upload.ts';
import { dataFiles } from '../support/data-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { contentOf, storeSizes } from './object-engine-history.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 4);
const OPERATIONS = 1500;
const WORKERS = 24;
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
/** What those who work on the same things at the same time do to each other. */
const EXPECTED =
  /^(bucket\.(not-found|exists|has-forks)|object\.not-found|version\.(not-found|delete-marker)|snapshot\.not-found|upload\.(not-found|part|part-order))$/;

const any = <T>(values: readonly T[]): T | undefined => values[randomInt(Math.max(values.length, 1))];
const key = () => `${'prefix/'.repeat(randomInt(3))}${randomInt(6)}`;
const content = () => contentOf(randomInt(2 ** 31), randomInt(2) === 0 ? randomInt(150_000) : randomInt(3000));

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  parts: readonly PartInfo[];
}

/** Many at the same buckets, forks, snapshots and uploads, and nobody waits for anybody. */
class Crowd {
  readonly #store: EngineObjectStore;
  readonly #uploads: Upload[] = [];

  constructor(store: EngineObjectStore) {
    this.#store = store;
  }

  async work(operations: number): Promise<void> {
    let left = operations;
    const worker = async () => {
      while (left-- > 0) await this.#operate().catch(refuseUnexpected);
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
  }

  async #operate(): Promise<unknown> {
    const store = this.#store;
    const bucket = any(store.buckets())?.name ?? 'none';
    const chance = randomInt(100);
    if (chance < 25) return store.put({ bucket, key: key(), body: content(), metadata });
    if (chance < 32) return store.remove(bucket, key());
    if (chance < 50) return this.#removeVersion(bucket);
    if (chance < 62) return this.#copy(bucket);
    if (chance < 78) return this.#upload(bucket);
    if (chance < 81) return store.createSnapshot(bucket);
    if (chance < 85) return store.deleteSnapshot(bucket, (await this.#snapshot(bucket)) ?? 'none');
    if (chance < 88) return store.updateBucket(bucket, { versioning: randomInt(2) ? 'enabled' : 'suspended' });
    if (chance < 98) return this.#create(bucket);
    return store.deleteBucket(bucket, { force: true });
  }

  async #snapshot(bucket: string): Promise<string | undefined> {
    return any(await this.#store.snapshots(bucket))?.id;
  }

  async #create(of: string): Promise<unknown> {
    if (this.#store.buckets().length > 9) return;
    const from = randomInt(3) > 0 ? { bucket: of, snapshot: await this.#snapshot(of) } : undefined;
    return this.#store.createBucket(`bucket-${randomInt(12)}`, { from });
  }

  async #removeVersion(bucket: string): Promise<unknown> {
    const version = any((await this.#store.listVersions({ bucket, limit: 50 })).versions);
    return version && this.#store.remove(bucket, version.key, { versionId: version.versionId });
  }

  async #copy(bucket: string): Promise<unknown> {
    const snapshot = randomInt(2) ? await this.#snapshot(bucket) : undefined;
    const target = { bucket: any(this.#store.buckets())?.name ?? bucket, key: key() };
    const [source] = (await this.#store.list({ bucket, snapshot, limit: 1 })).objects;
    const removal = randomInt(3) === 0 && this.#store.deleteBucket(bucket, { force: true }).catch(refuseUnexpected);
    const copy = this.#store.copy({ source: { bucket, key: source?.key ?? 'none', snapshot }, target });
    return Promise.all([removal, copy]);
  }

  async #upload(bucket: string): Promise<unknown> {
    const upload = any(this.#uploads);
    if (!upload || randomInt(4) === 0) {
      const name = key();
      const { uploadId } = await this.#store.createUpload(bucket, name, metadata);
      return this.#uploads.push({ bucket, key: name, uploadId, parts: [] });
    }
    if (upload.parts.length < 2) {
      const partNumber = upload.parts.length + 1;
      const part = await this.#store.putPart({ ...upload, partNumber, body: content() });
      upload.parts = [...upload.parts.filter((one) => one.partNumber !== partNumber), part];
      return;
    }
    this.#uploads.splice(this.#uploads.indexOf(upload), 1);
    const ends = [this.#store.completeUpload(upload), this.#store.abortUpload(upload)];
    return Promise.all(ends.map((end) => end.catch(refuseUnexpected)));
  }
}

function refuseUnexpected(error: unknown): void {
  if (!(error instanceof HoldfastError) || !EXPECTED.test(error.code)) throw error;
}

/** All that the store says, and that every byte is there. */
async function everything(store: EngineObjectStore, directory: string) {
  await store.settle();
  await store.settle();
  const buckets = await Promise.all(
    store.buckets().map(async (bucket) => {
      const { name } = bucket;
      const snapshots = await store.snapshots(name);
      const { uploads } = await store.listUploads({ bucket: name, limit: 1000 });
      const parts = uploads.map((upload) => store.listParts({ ...upload, bucket: name }));
      const moments = [undefined, ...snapshots.map(({ id }) => id)];
      const versions = moments.map((snapshot) => versionsOf(store, name, snapshot));
      const [usage, ...seen] = [await store.usage(name), await Promise.all(parts), await Promise.all(versions)];
      return { bucket, usage, snapshots, uploads, seen };
    }),
  );
  const files = (await dataFiles(directory)).map((path) => basename(path)).sort();
  expect(store.unreferencedFiles(files)).toEqual([]);
  expect((await store.checkIntegrity({ maxBytes: Number.POSITIVE_INFINITY })).damaged).toEqual([]);
  return { buckets, files };
}

async function versionsOf(store: EngineObjectStore, bucket: string, snapshot: string | undefined) {
  const found = [];
  for (let after: VersionMarker | undefined; ; ) {
    const page = await store.listVersions({ bucket, snapshot, after, limit: 100 });
    found.push(...page.versions);
    after = page.next;
    if (!after) return found;
  }
}

test('an index that is built from nothing says what the live one said, whatever a crowd did at the same time', async () => {
  await using directory = await temporaryDirectory();
  for (let round = 0; round < ROUNDS; round++) {
    let store = await openEngine({ directory: directory.path, ...storeSizes });
    await new Crowd(store).work(OPERATIONS);
    const live = await everything(store, directory.path);
    expect(live.buckets.length).toBeGreaterThan(0);
    await store.close();
    await rm(join(directory.path, 'index'), { recursive: true });
    store = await openEngine({ directory: directory.path, ...storeSizes });
    expect(await everything(store, directory.path)).toEqual(live);
    await store.close();
  }
});
