import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { systemClock } from '../../../core/clock.ts';
import { LEGAL_HOLD, LOCK_MODE, LOCK_UNTIL } from '../../store/object-lock.ts';
import { HybridClock } from '../hybrid-clock.ts';
import { RecordKind } from '../journal/record.ts';
import { encodeBucketHead } from './bucket-table.ts';
import { Catalog } from './catalog.ts';
import { encodeHead } from './head.ts';
import { IndexFile } from './index-file.ts';
import type { LockSearch } from './lock-search.ts';
import { encodeVersionHead } from './version.ts';

const NOON = Date.UTC(2030, 0, 1, 12);
const HELD = { [LEGAL_HOLD]: 'ON' };
const RETAINED = { [LOCK_MODE]: 'COMPLIANCE', [LOCK_UNTIL]: new Date(NOON).toISOString() };
const VERSIONS = 2500;

let directory: TemporaryDirectory;
let catalog: Catalog;
let position: number;
let search: { readonly locks: LockSearch } & Disposable;

beforeEach(async () => {
  directory = await temporaryDirectory();
  catalog = new Catalog(IndexFile.open(directory.path), new HybridClock(systemClock), (place) => place);
  position = 0;
  for (const id of [1, 2]) {
    const bucket = { name: `b-${id}`, createdAt: 0, versioning: 'enabled', accessibility: 'private' } as const;
    apply(RecordKind.bucket, { bucket: id, head: encodeBucketHead({ bucket, snapshots: [] }) });
  }
  for (let n = 0; n < VERSIONS; n++) put(n);
  await catalog.flush();
  search = catalog.versions.searchLocks(1);
});

afterEach(async () => {
  search[Symbol.dispose]();
  await catalog.close();
  await directory[Symbol.asyncDispose]();
});

interface Applied {
  readonly bucket?: number;
  readonly key?: string;
  readonly stamp?: number;
  readonly moved?: boolean;
  readonly head: Buffer;
}

function apply(kind: RecordKind, { bucket = 1, key = '', stamp = 1, moved = false, head }: Applied): void {
  const record = { kind, bucket, key: Buffer.from(key), stamp, moved, head, data: Buffer.alloc(0) };
  catalog.apply({ record, position: ++position, length: 1 });
}

/** The version of that number; again: in place of what it was. */
function put(n: number, headers: Record<string, string> = {}, { bucket = 1, moved = false } = {}): void {
  const metadata = { contentType: '', headers, user: {} };
  const facts = {
    size: 1,
    etag: '0'.repeat(32),
    versioned: true,
    deleteMarker: false,
    origin: 'put',
    files: [],
  } as const;
  apply(RecordKind.version, {
    bucket,
    key: keyOf(n),
    stamp: 10 + n,
    moved,
    head: encodeVersionHead({ ...facts, metadata }),
  });
}

function remove(n: number): void {
  apply(RecordKind.removal, { key: keyOf(n), stamp: 1_000_000, head: encodeHead({ version: 10 + n }) });
}

const keyOf = (n: number) => String(n).padStart(6, '0');

function steps(now = 0): readonly string[] {
  const looks: string[] = [];
  do looks.push(search.locks.step(now));
  while (looks.at(-1) === 'more');
  return looks;
}

test('a bucket is looked through in steps', () => {
  expect(steps()).toEqual(['more', 'more', 'unlocked']);
  expect(search.locks.anyNewLocked(0)).toBe(false);
});

test.each([0, 1500, VERSIONS - 1])('version %d is found to be locked, until its time has come', (n) => {
  put(n, RETAINED, { moved: true });
  expect(steps(NOON - 1).at(-1)).toBe('locked');
  search[Symbol.dispose]();
  search = catalog.versions.searchLocks(1);
  expect(steps(NOON)).toEqual(['more', 'more', 'unlocked']);
});

test('what is locked behind the search is not missed, and neither is what is new', () => {
  expect(search.locks.step(0)).toBe('more');
  put(5, HELD, { moved: true });
  expect(steps()).toEqual(['more', 'unlocked']);
  expect(search.locks.anyNewLocked(0)).toBe(true);
  put(5, {}, { moved: true });
  expect(search.locks.anyNewLocked(0)).toBe(false);
  put(VERSIONS, RETAINED);
  expect(search.locks.anyNewLocked(NOON - 1)).toBe(true);
  expect(search.locks.anyNewLocked(NOON)).toBe(false);
  put(VERSIONS + 1, HELD);
  remove(VERSIONS + 1);
  put(7, HELD, { bucket: 2 });
  expect(search.locks.anyNewLocked(NOON)).toBe(false);
});
