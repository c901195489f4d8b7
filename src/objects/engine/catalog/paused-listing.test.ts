import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { systemClock } from '../../../core/clock.ts';
import { listPage, versionPage } from '../../store/listing.ts';
import { HybridClock } from '../hybrid-clock.ts';
import { RecordKind } from '../journal/record.ts';
import { type BucketState, encodeBucketHead } from './bucket-table.ts';
import { Catalog } from './catalog.ts';
import { encodeHead } from './head.ts';
import { IndexFile } from './index-file.ts';
import { encodeVersionHead } from './version.ts';
import type { WhiteoutHead } from './whiteout-table.ts';

/** Listings that pause, while what they list changes. */

const MARKERS = 2000;
const NO_BYTES = Buffer.alloc(0);

let directory: TemporaryDirectory;
let catalog: Catalog;
let clock: HybridClock;
let stamp: number;

beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new HybridClock(systemClock);
  catalog = new Catalog(IndexFile.open(directory.path), clock, () => 1);
  stamp = 0;
  setBucket({ snapshots: [] });
});

afterEach(async () => {
  await catalog.close();
  await directory[Symbol.asyncDispose]();
});

/** Bucket 1 is `data`, others are named by their number. */
function setBucket(state: Omit<BucketState, 'bucket'>, id = 1): void {
  const name = id === 1 ? 'data' : `bucket-${id}`;
  const bucket = { name, createdAt: 0, versioning: 'enabled', accessibility: 'private' } as const;
  apply(RecordKind.bucket, '', encodeBucketHead({ bucket, ...state }), id);
}

function apply(kind: RecordKind, key: string, head: Buffer, bucket = 1): number {
  stamp++;
  const record = { kind, bucket, key: Buffer.from(key), stamp, moved: false, head, data: NO_BYTES };
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

test('a listing at a time shows what a snapshot had that is deleted meanwhile', async () => {
  const [first, last] = [put('first'), put('last')];
  const moment = stamp;
  setBucket({ snapshots: [{ stamp: moment, objects: 2, bytes: 2 }] });
  drop('first', first);
  drop('last', last);
  markers();
  await catalog.flush();
  using reader = catalog.hold();
  const scan = catalog.view(catalog.buckets.named('data'), moment).scan({ reader });
  const { page } = await pausing(listPage(scan, { limit: 10 }), async () => {
    setBucket({ snapshots: [] });
    while (catalog.retained.pruneStep(1));
    await catalog.flush();
  });
  expect(page.objects.map(({ key }) => key)).toEqual(['first', 'last']);
  const after = catalog.view(catalog.buckets.named('data'), moment).scan();
  expect([...after({ key: '', edge: 'at' })].filter((found) => found)).toEqual([]);
});

test('a listing of a fork shows what was being replaced as it began', async () => {
  const kept = put('last');
  markers();
  setBucket({ snapshots: [], base: { bucket: 1, stamp, objects: 1, bytes: 1 } }, 2);
  await catalog.flush();
  stamp = clock.tick() - 1; // of a change that is on its way to the journal
  using reader = catalog.hold();
  const scan = catalog.view(catalog.buckets.named('bucket-2')).scan({ reader });
  const { page } = await pausing(listPage(scan, { limit: 10 }), async () => {
    const head: WhiteoutHead = { version: kept, size: 1, deleteMarker: false };
    apply(RecordKind.whiteout, 'last', encodeHead(head), 2);
    await catalog.flush();
  });
  expect(page.objects.map(({ key }) => key)).toEqual(['last']);
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
