import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { systemClock } from '../../../core/clock.ts';
import { HybridClock } from '../hybrid-clock.ts';
import { RecordKind } from '../journal/record.ts';
import { type BucketRow, encodeBucketHead } from './bucket-table.ts';
import { Catalog } from './catalog.ts';
import { type IndexEntry, IndexFile, type IndexRange } from './index-file.ts';
import { IndexTable, textOf } from './index-keys.ts';
import { encodeVersionHead } from './version.ts';

const VERSIONS = 3000;
const NO_BYTES = Buffer.alloc(0);
const key = Buffer.from('key');

let directory: TemporaryDirectory;
let file: IndexFile;
let catalog: Catalog;
let stamp: number;
let entriesRead: number;

beforeEach(async () => {
  directory = await temporaryDirectory();
  stamp = 0;
  open();
});

afterEach(async () => {
  await catalog.close();
  await directory[Symbol.asyncDispose]();
});

function open(): void {
  file = IndexFile.open(directory.path);
  const range = file.range.bind(file);
  entriesRead = 0;
  file.range = function* (where: IndexRange): Generator<IndexEntry> {
    for (const entry of range(where)) {
      entriesRead++;
      yield entry;
    }
  };
  catalog = new Catalog(file, new HybridClock(systemClock), () => 1);
}

async function reopen(): Promise<void> {
  await catalog.flush();
  await catalog.close();
  open();
}

function apply(kind: RecordKind, head: Buffer, name = key): number {
  stamp++;
  const record = { kind, bucket: 1, key: name, stamp, moved: false, head, data: NO_BYTES };
  catalog.apply({ record, position: stamp, length: 1 });
  catalog.reached(stamp + 1);
  return stamp;
}

function put(versioned: boolean): number {
  const metadata = { contentType: '', headers: {}, user: {} };
  const etag = '0'.repeat(32);
  const head = { size: 1, etag, versioned, deleteMarker: false, origin: 'put', metadata, files: [] } as const;
  return apply(RecordKind.version, encodeVersionHead(head));
}

const remove = (version?: number) => apply(RecordKind.removal, Buffer.from(JSON.stringify({ version })));

function setBucket(snapshots: readonly number[] = []): BucketRow {
  const bucket = { name: 'data', createdAt: 0, versioning: 'suspended', accessibility: 'private' } as const;
  const rows = snapshots.map((at) => ({ stamp: at, objects: 1, bytes: 1 }));
  apply(RecordKind.bucket, encodeBucketHead({ bucket, snapshots: rows }), NO_BYTES);
  const row = catalog.buckets.byId(1);
  if (!row) throw new Error('no bucket');
  return row;
}

const nullNow = (moment?: number) => catalog.view(catalog.buckets.named('data'), moment).null('key')?.stamp;

test('the null version below any number of others is found without looking at them', async () => {
  setBucket();
  const first = put(false);
  for (let n = 0; n < VERSIONS; n++) put(true);
  await reopen();
  expect(nullNow()).toBe(first);
  const second = put(false);
  expect(nullNow()).toBe(second);
  put(true);
  remove();
  expect(nullNow()).toBeUndefined();
  put(true);
  expect(nullNow()).toBeUndefined();
  expect(entriesRead).toBeLessThan(100);
});

test('a snapshot shows the null version that there was, past those that are still there', async () => {
  setBucket();
  const first = put(false);
  for (let n = 0; n < VERSIONS; n++) put(true);
  const moment = stamp;
  setBucket([moment]);
  const second = put(false);
  for (let n = 0; n < VERSIONS; n++) put(true);
  await reopen();
  expect(nullNow(moment)).toBe(first);
  expect(nullNow()).toBe(second);
  expect(entriesRead).toBeLessThan(100);
});

test('what is newest again after all above it is gone is covered again by the next', () => {
  setBucket();
  const first = put(false);
  remove(put(true));
  expect(nullNow()).toBe(first);
  const second = put(false);
  put(true);
  expect(nullNow()).toBe(second);
});

/** Code of before knows neither the table nor that it is complete. */
async function writeAsBefore(): Promise<void> {
  const tables = { start: textOf(Buffer.of(IndexTable.null)), end: textOf(Buffer.of(IndexTable.null + 1)) };
  const [state] = [...file.range({ start: textOf(Buffer.of(IndexTable.state)), end: textOf(Buffer.of(9)) })];
  if (!state) throw new Error('no state');
  const { nulls: _nulls, ...before } = JSON.parse(state.value.toString());
  const gone = [...file.range(tables)].map((entry) => [entry.key, undefined] as const);
  await file.write([[state.key, Buffer.from(JSON.stringify(before))], ...gone]);
}

test('an index that code of before has written is looked through once', async () => {
  setBucket();
  const first = put(false);
  for (let n = 0; n < VERSIONS; n++) put(true);
  await catalog.flush();
  await writeAsBefore();
  await reopen();
  for (const _ of catalog.findNulls()) await catalog.flush();
  expect(nullNow()).toBe(first);
  await reopen();
  expect([...catalog.findNulls()]).toEqual([]);
  expect(nullNow()).toBe(first);
  expect(entriesRead).toBeLessThan(100);
});

test('nothing of the table outlives its bucket', async () => {
  setBucket();
  put(false);
  put(true);
  apply(RecordKind.bucketRemoval, Buffer.from('{}'), NO_BYTES);
  await catalog.flush();
  while (catalog.purgeStep(1)) await catalog.flush();
  expect(catalog.removedBuckets()).toEqual([]);
});
