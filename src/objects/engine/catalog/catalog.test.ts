import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { HybridClock } from '../hybrid-clock.ts';
import { type JournalRecord, RecordKind } from '../journal/record.ts';
import { encodeBucketHead } from './bucket-table.ts';
import { Catalog } from './catalog.ts';
import { IndexFile } from './index-file.ts';
import { encodeVersionHead, type VersionHead, withUntil } from './version.ts';

/** Orders of records that a rebuild meets after compaction; a segment for each record. */

const NO_BYTES = Buffer.alloc(0);
const key = Buffer.from('key');
const head: VersionHead = {
  size: 1,
  etag: '0'.repeat(32),
  versioned: false,
  deleteMarker: false,
  origin: 'put',
  metadata: { contentType: '', headers: {}, user: {} },
  files: [],
};
const bytes = encodeVersionHead(head);

let directory: string;
let clock: HybridClock;
let catalog: Catalog;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-catalog-'));
  clock = new HybridClock(systemClock);
  catalog = new Catalog(IndexFile.open(directory), clock, (position) => position);
});
afterEach(async () => {
  await catalog.close();
  await rm(directory, { recursive: true });
});

const version = (stamp: number, moved = false) => ({ kind: RecordKind.version, stamp, moved, head: bytes });
const retained = (stamp: number, until: number) => ({
  kind: RecordKind.retained,
  stamp,
  moved: true,
  head: withUntil(bytes, until),
});
const removal = (stamp: number) => ({ kind: RecordKind.removal, stamp, moved: false, head: Buffer.from('{}') });

/** Snapshots at 15 and 25. */
function rebuild(...records: readonly Pick<JournalRecord, 'kind' | 'stamp' | 'moved' | 'head'>[]) {
  const snapshots = [15, 25].map((stamp) => ({ stamp, objects: 1, bytes: 1 }));
  const bucket = { name: 'data', createdAt: 0, versioning: 'disabled', accessibility: 'private' } as const;
  const last = { kind: RecordKind.bucket, stamp: 1, moved: true, head: encodeBucketHead({ bucket, snapshots }) };
  for (const [i, record] of [...records, last].entries()) {
    const whole = { ...record, bucket: 1, key: record.kind === RecordKind.bucket ? NO_BYTES : key, data: NO_BYTES };
    catalog.apply({ record: whole, position: i + 1, length: 10 });
  }
  catalog.endReplay();
  const row = catalog.buckets.byId(1);
  if (!row) throw new Error('no bucket');
  const stampAt = (moment?: number) => catalog.view(row, moment).null('key')?.stamp;
  const at = (stamp: number) => catalog.retained.at({ bucket: 1, key, stamp });
  return { now: stampAt(), first: stampAt(15), second: stampAt(25), at };
}

test('a version ends where the next began, also when that one comes later and is retained itself', () => {
  const { at, ...seen } = rebuild(version(10), removal(30), retained(20, 30));
  expect(seen).toEqual({ now: undefined, first: 10, second: 20 });
  expect([at(10)?.until, at(20)?.until]).toEqual([20, 30]);
});

test('a moved copy of what is gone ends its first record', () => {
  const { at, ...seen } = rebuild(version(10), retained(10, 20), version(20, true));
  expect(seen).toEqual({ now: 20, first: 10, second: 20 });
  expect(at(10)).toMatchObject({ until: 20, location: { position: 2 } });
  expect(catalog.segments.row(1).live).toBe(0);
});

test('a removal outlives the first record of what was replaced, though its copy came in between', () => {
  rebuild(version(10), retained(10, 20), version(20, true));
  const current = catalog.versions.at({ bucket: 1, key, stamp: 20 });
  expect(current && catalog.versions.span(current)).toEqual({ first: 1, last: 3 });
});

test('a removal that comes behind the next version still ends the one before it', () => {
  const { at, ...seen } = rebuild(version(10), version(20), removal(12));
  expect(seen).toEqual({ now: 20, first: undefined, second: 20 });
  expect(at(10)?.until).toBe(12);
});

test('what no snapshot needs is not kept', () => {
  const { now, at } = rebuild(version(26), version(27), retained(5, 9));
  expect(now).toBe(27);
  expect(catalog.retained.prunable).toEqual([1]);
  expect([at(26), at(5)].map((one) => one && catalog.retained.needs(1, one))).toEqual([false, false]);
});

test('the moved removal of a bucket leaves the later bucket of its name alone', () => {
  const bucket = { name: 'data', createdAt: 0, versioning: 'disabled', accessibility: 'private' } as const;
  const made = (id: number, stamp: number) => ({
    record: {
      kind: RecordKind.bucket,
      stamp,
      moved: false,
      bucket: id,
      key: NO_BYTES,
      head: encodeBucketHead({ bucket, snapshots: [] }),
      data: NO_BYTES,
    },
    position: stamp,
    length: 10,
  });
  const removed = { kind: RecordKind.bucketRemoval, stamp: 2, moved: true, head: Buffer.from('{}') };
  catalog.apply(made(1, 1));
  catalog.apply(made(2, 3));
  catalog.apply({ record: { ...removed, bucket: 1, key: NO_BYTES, data: NO_BYTES }, position: 4, length: 10 });
  catalog.endReplay();
  expect(catalog.buckets.byName('data')?.id).toBe(2);
  expect(catalog.buckets.byId(1)).toBeUndefined();
});

test('the number of a bucket of which nothing but an object is left is not given again', () => {
  catalog.apply({ record: { ...version(10), bucket: 9, key, data: NO_BYTES }, position: 1, length: 10 });
  catalog.endReplay();
  expect(catalog.nextBucket).toBe(10);
});

test('what comes next is younger than the end of what is retained, also where only that tells of it', () => {
  const end = 2 ** 52;
  rebuild(retained(10, end));
  expect(clock.tick()).toBeGreaterThan(end);
});

test('what was retained a moment before its snapshot went is dropped, too', () => {
  rebuild(version(10), removal(30));
  const bucket = { name: 'data', createdAt: 0, versioning: 'disabled', accessibility: 'private' } as const;
  const head = encodeBucketHead({ bucket, snapshots: [] });
  const record = { kind: RecordKind.bucket, stamp: 40, moved: false, bucket: 1, key: NO_BYTES, head, data: NO_BYTES };
  catalog.apply({ record, position: 9, length: 10 });
  expect(catalog.retained.pruneStep(1)).toBe(false);
  expect(catalog.retained.at({ bucket: 1, key, stamp: 10 })).toBeUndefined();
});
