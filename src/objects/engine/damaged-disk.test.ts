import {
  constants,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { flipBit, rootOf } from '../../../tests/support/index-pages.ts';
import { createLogger } from '../../core/log.ts';
import { FileReferences } from './catalog/file-references.ts';
import { INDEX_FILE, IndexFile } from './catalog/index-file.ts';
import { bucketRange, textOf } from './catalog/index-keys.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

/** What a disk may do to a store: each damage is told, and the rest goes on. */

const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 64 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const BLOCK = 4096;

let directory: string;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-damage-'));
  store = await openEngine({ directory, ...sizes });
  await store.createBucket('data');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const put = (key: string, bytes: number) =>
  store.put({ bucket: 'data', key, body: Buffer.alloc(bytes, key), metadata });
const segment = (number: number) => join(directory, 'journal', `${String(number).padStart(12, '0')}.journal`);

async function read(key: string): Promise<string> {
  const object = await store.open('data', key);
  const bytes = Buffer.concat(await Array.fromAsync(object.body()));
  object.release();
  return bytes.toString('utf8', 0, 1);
}

const flip = (path: string, offset: number) => flipBit(path, offset);

async function reopen({ rebuild = false } = {}): Promise<void> {
  await store.close();
  if (rebuild) await rm(join(directory, 'index'), { recursive: true });
  store = await openEngine({ directory, ...sizes });
}

test('a damaged last record is told, and neither cut nor written over', async () => {
  await put('a', 1000);
  await put('b', 1000);
  await store.close();
  await flip(segment(1), 2 * BLOCK + 500);
  store = await openEngine({ directory, ...sizes });
  await expect(read('b')).rejects.toMatchObject({ code: 'object.damaged' });
  await put('c', 1000);
  expect([await read('a'), await read('c')]).toEqual(['a', 'c']);
  await expect(read('b')).rejects.toMatchObject({ code: 'object.damaged' });
});

test('a journal that was cut where the index knows more is refused, and nothing is changed', async () => {
  await put('a', 1000);
  await put('b', 1000);
  await store.close();
  await flip(segment(1), 2 * BLOCK + 5);
  await expect(openEngine({ directory, ...sizes })).rejects.toMatchObject({ code: 'journal.corrupt' });
  await flip(segment(1), 2 * BLOCK + 5);
  store = await openEngine({ directory, ...sizes });
  expect([await read('a'), await read('b')]).toEqual(['a', 'b']);
});

const segments = async () => (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal'));
const fill = async (key: string, times: number) => {
  for (let i = 0; i < times; i++) await put(key, 60_000);
};

test('compaction leaves a damaged record where it is, moves the others, and goes on', async () => {
  await put('lost', 1000);
  await put('kept', 1000);
  await fill('x', 12);
  await flip(segment(1), BLOCK + 500);
  await fill('x', 100);
  await store.settle();
  expect((await segments()).length).toBeLessThan(4);
  await expect(read('lost')).rejects.toMatchObject({ code: 'object.damaged' });
  expect(await read('kept')).toBe('k');
  await flip(segment(1), 2 * BLOCK + 500); // where `kept` was
  expect(await read('kept')).toBe('k');

  await store.remove('data', 'lost');
  await store.settle();
  expect(await segments()).not.toContain('000000000001.journal');
  await reopen({ rebuild: true });
  expect([await read('kept'), await read('x')]).toEqual(['k', 'x']);
});

test('a segment in which damage is found is emptied though nearly all of it is needed', async () => {
  for (let i = 0; i < 24; i++) await put(`key-${i}`, 50_000);
  await flip(segment(1), BLOCK + 500);
  await expect(store.checkIntegrity({ maxBytes: 2 ** 30 })).resolves.toMatchObject({ damaged: [{ key: 'key-0' }] });
  await store.remove('data', 'key-0');
  await store.settle();
  expect(await segments()).not.toContain('000000000001.journal');
  await reopen({ rebuild: true });
  for (let i = 1; i < 24; i++) expect(await read(`key-${i}`)).toBe('k');
});

test('what the disk reports an error for is told as damaged, and the check goes on behind it', async () => {
  await put('a', 100_000);
  const [first = ''] = await dataFiles(directory);
  await put('b', 100_000);
  await unlink(first);
  await symlink('/proc/self/mem', first); // read(2) at 0: EIO
  await expect(read('a')).rejects.toMatchObject({ code: 'object.damaged' });
  expect(await store.checkIntegrity({ maxBytes: 2 ** 30 })).toMatchObject({ objects: 2, damaged: [{ key: 'a' }] });
  expect(await read('b')).toBe('b');
});

test('a data file that the disk does not even open is told as damaged, and the check goes on behind it', async () => {
  await put('a', 100_000);
  const [first = ''] = await dataFiles(directory);
  await put('b', 100_000);
  await using terminal = await openFile('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const [, locked] = /tty-index:\s*(\d+)/.exec(await readFile(`/proc/self/fdinfo/${terminal.fd}`, 'utf8')) ?? [];
  await unlink(first);
  await symlink(`/dev/pts/${locked}`, first); // open(2) of a terminal that is locked: EIO
  await expect(read('a')).rejects.toMatchObject({ code: 'object.damaged' });
  expect(await store.checkIntegrity({ maxBytes: 2 ** 30 })).toMatchObject({ objects: 2, damaged: [{ key: 'a' }] });
  expect(await read('b')).toBe('b');
});

test('without knowing who follows the journal it is kept for all, until they have come', async () => {
  const { position } = await store.changes.subscribe('follower');
  await put('a', 60_000);
  await store.close();
  await writeFile(join(directory, 'consumers.json'), '{"foll');
  store = await openEngine({ directory, ...sizes });
  for (let i = 0; i < 40; i++) await put('a', 60_000);
  await store.settle();
  const subscription = await store.changes.subscribe('follower');
  expect(subscription.position).toBeLessThanOrEqual(position);
  let seen = 0;
  for (let from = position; from < subscription.end; ) {
    const page = await store.changes.read({ from });
    seen += page.changes.length;
    from = page.next;
  }
  expect(seen).toBe(41);
  await reopen();
  expect(await store.changes.subscribe('follower')).toMatchObject({ position: 0 });
});

test('who follows the journal gets past a damaged record', async () => {
  const { position } = await store.changes.subscribe('follower');
  for (let i = 0; i < 30; i++) await put(`key-${i}`, 30_000);
  await store.close();
  await flip(segment(1), 3 * BLOCK);
  store = await openEngine({ directory, ...sizes });
  const { end } = await store.changes.subscribe('follower');
  const seen = new Set<string>();
  for (let from = position; from < end; ) {
    const { changes, next } = await store.changes.read({ from });
    for (const change of changes) if ('key' in change) seen.add(change.key);
    from = next;
  }
  expect(seen).toEqual(new Set(Array.from({ length: 29 }, (_, i) => `key-${i + 1}`)));
});

const index = () => join(directory, 'index', INDEX_FILE);
/** The highest byte of the page number in a node of the root. */
async function pageNumberOf(node: number): Promise<number> {
  const root = await rootOf(index());
  const bytes = await readFile(index());
  return root + 24 + bytes.readUInt16LE(root + 24 + 2 * node) + 5;
}
const many = async () => {
  for (let i = 0; i < 300; i++) await put(`key-${i}`, 10);
};

test('an index that the start itself cannot read is built anew, though it was closed well', async () => {
  await many();
  await store.close();
  await flipBit(index(), await pageNumberOf(0));
  const log = createLogger('objects', 'silent');
  const [error, warn] = [vi.spyOn(log, 'error'), vi.spyOn(log, 'warn')];
  store = await openEngine({ directory, ...sizes, log });
  expect(error).toHaveBeenCalledWith({ err: expect.stringContaining('page') }, expect.stringContaining('damaged'));
  expect(warn).toHaveBeenCalledWith(store.indexRebuild, expect.stringContaining('built anew'));
  expect((await store.list({ bucket: 'data', limit: 1000 })).objects).toHaveLength(300);
  expect(await readdir(directory)).not.toContain('index.damaged');
});

test('an index that a later request cannot read fails the store, and the next start builds it anew', async () => {
  await many();
  await reopen();
  await flipBit(index(), await pageNumberOf(1));
  await expect(store.list({ bucket: 'data', limit: 1000 })).rejects.toThrow();
  expect(await store.failed).toMatchObject({ code: 'store.index-damaged' });
  await store.close();
  expect(await readdir(directory)).toContain('index.damaged');
  store = await openEngine({ directory, ...sizes });
  expect((await store.list({ bucket: 'data', limit: 1000 })).objects).toHaveLength(300);
  expect(await readdir(directory)).not.toContain('index.damaged');
});

test('of the last rebuild the store says what it was for, whichever start has found it, and after later ones too', async () => {
  await put('a', 10);
  expect(store.indexRebuild).toBeUndefined();
  await reopen({ rebuild: true });
  const told = { at: expect.any(Number), tookMs: expect.any(Number) };
  expect(store.indexRebuild).toEqual(told);
  await reopen();
  await flipBit(index(), await entryOfA());
  await expect(read('a')).rejects.toMatchObject({ code: 'store.index-damaged' });
  await reopen();
  const known = store.indexRebuild;
  expect(known).toEqual({ ...told, damage: 'an entry of the index cannot be read' });
  await reopen();
  expect(store.indexRebuild).toEqual(known);
  await store.close();
  await flipBit(index(), await entryOfA());
  store = await openEngine({ directory, ...sizes });
  expect(store.indexRebuild).toMatchObject({ damage: 'a value is not what was written' });
});

test.each([
  ['the check of what is stored', () => store.checkIntegrity({ maxBytes: 2 ** 30 })],
  ['a listing', () => store.list({ bucket: 'data', limit: 10 })],
  ['a listing of versions', () => store.listVersions({ bucket: 'data', limit: 10 })],
  ['a look at it', () => store.head('data', 'a')],
  ['a read', () => store.open('data', 'a')],
  ['a look for its versions', () => store.findVersion('data', 'a')],
  ['a copy', () => store.copy({ source: { bucket: 'data', key: 'a' }, target: { bucket: 'data', key: 'b' } })],
  ['a write', () => put('a', 20)],
  ['a removal', () => store.remove('data', 'a')],
])('an entry of the index that says nothing is found by %s', async (_what, look) => {
  await put('a', 10);
  await cutEntryOfA();
  await expect(look()).rejects.toMatchObject({ code: 'store.index-damaged' });
  expect(await store.failed).toMatchObject({ code: 'store.index-damaged' });
  await reopen();
  await expect(store.checkIntegrity({ maxBytes: 2 ** 30 })).resolves.toMatchObject({ objects: 1, damaged: [] });
  expect(await read('a')).toBe('a');
});

/** As if it had been written so: its checksum is right. */
async function cutEntryOfA(): Promise<void> {
  await store.close();
  const file = IndexFile.open(join(directory, 'index'));
  const { start, end } = bucketRange(1);
  const [entry] = file.range({ start: textOf(start), end: textOf(end) });
  if (entry) await file.write([[entry.key, entry.value.subarray(0, 40)]]);
  await file.close();
  store = await openEngine({ directory, ...sizes });
}

/** Where the content type is in the entry of the only object. */
async function entryOfA(): Promise<number> {
  const root = await rootOf(index());
  return (await readFile(index())).indexOf('text/plain', root);
}

const FIELDS = {
  'where the record is': -57,
  'how long the record is': -49,
  'flags of the version': -37,
  'the number of parts': -35,
  'the MD5': -30,
  'the size': -11,
  'the content type': 3,
  'a header': 20,
};

test.each(Object.entries(FIELDS))('no answer comes of an entry that has changed: %s', async (_what, at) => {
  const headers = { 'x-amz-acl': 'private', 'x-amz-tagging': 'a=b' };
  await store.put({ bucket: 'data', key: 'a', body: Buffer.from('abc'), metadata: { ...metadata, headers } });
  const whole = await store.head('data', 'a');
  for (const bit of [0, 3]) {
    await reopen();
    await flipBit(index(), (await entryOfA()) + at, bit);
    await expect(store.head('data', 'a')).rejects.toMatchObject({ code: 'store.index-damaged' });
    expect(await store.failed).toMatchObject({ code: 'store.index-damaged' });
    await reopen();
    expect(await store.head('data', 'a')).toEqual(whole);
    expect(await read('a')).toBe('a');
  }
});

test('what compaction does not find in a damaged index it does not throw away', async () => {
  await put('hidden', 1000);
  await fill('x', 12);
  await reopen();
  const root = await rootOf(index());
  await flipBit(index(), (await readFile(index())).indexOf('hidden', root), 4); // the key is another one
  await fill('x', 100);
  await store.settle();
  await reopen({ rebuild: true });
  expect(await read('hidden')).toBe('h');
});

test('what is durable and cannot be applied to a damaged index is whole in the next one', async () => {
  await put('a', 100_000);
  vi.spyOn(FileReferences.prototype, 'add').mockImplementationOnce(() => {
    throw new Error('a page of the index is not what it was');
  });
  await expect(store.put({ bucket: 'data', key: 'a', body: Buffer.alloc(100_000, 'b'), metadata })).rejects.toThrow();
  expect(await store.failed).toMatchObject({ code: 'store.index-damaged' });
  await reopen();
  expect(await read('a')).toBe('b');
});
