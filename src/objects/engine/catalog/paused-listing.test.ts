import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { systemClock } from '../../../core/clock.ts';
import { listPage, versionPage } from '../../store/listing.ts';
import { HybridClock } from '../hybrid-clock.ts';
import { RecordKind } from '../journal/record.ts';
import { encodeBucketHead } from './bucket-table.ts';
import { Catalog } from './catalog.ts';
import { IndexFile } from './index-file.ts';
import { encodeVersionHead } from './version.ts';

/** Listings that pause, while what they list changes. */

const MARKERS = 2000;
const NO_BYTES = Buffer.alloc(0);

let directory: TemporaryDirectory;
let catalog: Catalog;
let stamp: number;

beforeEach(async () => {
  directory = await temporaryDirectory();
  catalog = new Catalog(IndexFile.open(directory.path), new HybridClock(systemClock), () => 1);
  stamp = 0;
  const bucket = { name: 'data', createdAt: 0, versioning: 'enabled', accessibility: 'private' } as const;
  apply(RecordKind.bucket, '', encodeBucketHead({ bucket, snapshots: [] }));
});

afterEach(async () => {
  await catalog.close();
  await directory[Symbol.asyncDispose]();
});

function apply(kind: RecordKind, key: string, head: Buffer): number {
  stamp++;
  const record = { kind, bucket: 1, key: Buffer.from(key), stamp, moved: false, head, data: NO_BYTES };
  catalog.apply({ record, position: stamp, length: 1 });
  return stamp;
}

function put(key: string, deleteMarker = false): number {
  const metadata = { contentType: '', headers: {}, user: {} };
  const etag = '0'.repeat(32);
  const head = { size: 1, etag, versioned: true, deleteMarker, origin: 'put', metadata, files: [] } as const;
  return apply(RecordKind.version, key, encodeVersionHead(head));
}

const drop = (key: string, version: number) => apply(RecordKind.removal, key, Buffer.from(JSON.stringify({ version })));
const view = () => catalog.view(catalog.buckets.named('data'));

/** As `inTurns`, with what the others do at the first pause. */
async function pausing<T>(work: Iterator<void, T>, others: () => Promise<void>) {
  for (let pauses = 0; ; pauses++) {
    const step = work.next();
    if (step.done) return { page: step.value, pauses };
    if (pauses === 0) await others();
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

const markers = () => {
  for (let n = 0; n < MARKERS; n++) put(`gone/${n}`, true);
};

test('a listing pauses between delete markers, and shows the moment of its beginning', async () => {
  put('first');
  const last = put('last');
  markers();
  await catalog.flush();
  put('later'); // not in the file yet
  using reader = catalog.hold();
  const work = listPage(view().scan({ reader }), { limit: 10 });
  const { page, pauses } = await pausing(work, async () => {
    drop('last', last);
    put('gone/1500');
    put('between');
    put('later', true);
    await catalog.flush();
  });
  expect(page.objects.map(({ key }) => key)).toEqual(['first', 'last', 'later']);
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(MARKERS / 64));
  expect(listed()).toEqual(['between', 'first', 'gone/1500']);
});

const listed = () => [...view().scan()({ key: '', edge: 'at' })].flatMap((found) => found?.key ?? []);

test('a listing of versions pauses too, and shows the moment of its beginning', async () => {
  markers();
  const last = put('last');
  await catalog.flush();
  using reader = catalog.hold();
  const work = versionPage(view().scanVersions({ reader }), { limit: MARKERS + 1 }, undefined);
  const { page, pauses } = await pausing(work, async () => {
    drop('last', last);
    put('gone/7');
    await catalog.flush();
  });
  expect(page.versions).toHaveLength(MARKERS + 1);
  expect(page.versions.at(-1)).toMatchObject({ key: 'last', isLatest: true });
  expect(pauses).toBeGreaterThan(10);
});

test('delete markers beside a prefix are not looked at', async () => {
  put('a/1');
  markers();
  await catalog.flush();
  const scan = view().scan({ prefix: 'a/' });
  expect([...scan({ key: 'a/', edge: 'at' })]).toHaveLength(1);
});

test('an index that is closed ends the listings that pause', async () => {
  markers();
  await catalog.flush();
  const reader = catalog.hold();
  const work = listPage(view().scan({ reader }), { limit: 10 });
  work.next();
  const closed = catalog.close();
  const refusal = expect.objectContaining({ code: 'store.closed' });
  expect(() => catalog.hold()).toThrow(refusal);
  expect(() => [...iterate(work)]).toThrow(refusal);
  reader[Symbol.dispose]();
  await closed;
  catalog = new Catalog(IndexFile.open(directory.path), new HybridClock(systemClock), () => 1);
});

function* iterate(work: Iterator<void, unknown>): Generator<void> {
  while (!work.next().done) yield;
}
