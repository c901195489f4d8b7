import { copyFile, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alignToBlock, BATCH_HEADER_BYTES, BLOCK_BYTES } from './batch.ts';
import { Journal } from './journal.ts';
import { type JournalRecord, RecordKind, recordBytes } from './record.ts';

const segmentBytes = 16 * BLOCK_BYTES;
const salt = 12345;

let directory: string;
let journal: Journal;
let found: string[];

const record = (name: string, bytes = 100): JournalRecord => ({
  kind: RecordKind.version,
  moved: false,
  stamp: 1,
  bucket: 1,
  key: Buffer.from(name),
  head: Buffer.alloc(0),
  data: Buffer.alloc(bytes, name),
});

async function reopen(from = 0): Promise<void> {
  await journal?.close();
  journal = await Journal.open({ directory, segmentBytes, salt });
  found = [];
  await journal.replay(from, ({ record }) => {
    found.push(record.key.toString());
  });
}

async function append(...records: JournalRecord[]): Promise<number> {
  const bytes = alignToBlock(records.reduce((sum, one) => sum + recordBytes(one), BATCH_HEADER_BYTES));
  await journal.prepare(bytes, 'write');
  const [first] = await journal.append(records);
  return first?.position ?? 0;
}

const segmentFiles = async () => (await readdir(directory)).filter((name) => name.endsWith('.journal')).sort();

/** Changes bytes of a closed journal as a torn or a rotten write would. */
async function damage(name: string, offset: number, length = 1): Promise<void> {
  const file = await open(join(directory, name), 'r+');
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  await file.write(
    buffer.map((byte) => byte ^ 0xff),
    0,
    length,
    offset,
  );
  await file.close();
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-journal-'));
  journal = await Journal.open({ directory, segmentBytes, salt });
  await journal.replay(0, () => {});
});

afterEach(async () => {
  await journal.close();
  await rm(directory, { recursive: true });
});

test('records are found again in order, from any position', async () => {
  await append(record('a'), record('b'));
  await append(record('c', 9000));
  const position = await append(record('d'));
  await reopen();
  expect(found).toEqual(['a', 'b', 'c', 'd']);
  await reopen(position);
  expect(found).toEqual(['d']);
  await append(record('e'));
  await reopen();
  expect(found).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a record is read by its position, and a damaged one is told', async () => {
  const position = await append(record('a', 5000));
  expect((await journal.read(position, recordBytes(record('a', 5000)), 1)).data.toString()).toBe('a'.repeat(5000));
  await expect(journal.read(position, recordBytes(record('a', 5000)), 2)).rejects.toMatchObject({
    code: 'object.damaged',
  });
  await damage('000000000001.journal', BATCH_HEADER_BYTES + 1000);
  await expect(journal.read(position, recordBytes(record('a', 5000)), 1)).rejects.toMatchObject({
    code: 'object.damaged',
  });
});

test('segments are preallocated, sealed when full, and one more is kept in reserve', async () => {
  for (let i = 0; i < 40; i++) await append(record(`r${i}`));
  expect((await segmentFiles()).length).toBeGreaterThan(2);
  for (const name of await readdir(directory)) expect((await stat(join(directory, name))).size).toBe(segmentBytes);
  expect((await readdir(directory)).some((name) => name.startsWith('spare-'))).toBe(true);
  await reopen();
  expect(found).toEqual(Array.from({ length: 40 }, (_, i) => `r${i}`));
});

test.each([
  ['in the header', 4],
  ['in its record', 60],
  ['in its last block', BLOCK_BYTES + 50],
])('a batch that was torn %s is cut, and its place is written again', async (_, offset) => {
  await append(record('kept'));
  await append(record('torn', 6000), record('also torn'));
  await journal.close();
  await damage('000000000001.journal', BLOCK_BYTES + offset);
  await reopen();
  expect(found).toEqual(['kept']);
  await append(record('after'));
  await reopen();
  expect(found).toEqual(['kept', 'after']);
  await append(record('later'));
  await reopen();
  expect(found).toEqual(['kept', 'after', 'later']);
});

test('damage with acknowledged batches behind it is refused, not cut', async () => {
  await append(record('a'));
  await append(record('b'));
  await append(record('c'));
  await journal.close();
  await damage('000000000001.journal', BLOCK_BYTES + 60);
  await expect(reopen()).rejects.toMatchObject({ code: 'journal.corrupt' });
});

test('damage in a segment before the last is refused', async () => {
  for (let i = 0; i < 20; i++) await append(record(`r${i}`));
  await journal.close();
  await damage('000000000001.journal', 14 * BLOCK_BYTES + 60);
  await expect(reopen()).rejects.toMatchObject({ code: 'journal.corrupt' });
});

test('a record that is known and damaged is told when it is read, and the journal goes on', async () => {
  const position = await append(record('a'));
  await append(record('b'));
  await journal.close();
  await damage('000000000001.journal', 60);
  await expect(reopen()).rejects.toMatchObject({ code: 'journal.corrupt' });
  await reopen(position + recordBytes(record('a')));
  expect(found).toEqual(['b']);
  await append(record('c'));
  await expect(journal.read(position, recordBytes(record('a')), 1)).rejects.toMatchObject({ code: 'object.damaged' });
  await reopen(position + recordBytes(record('a')));
  expect(found).toEqual(['b', 'c']);
});

test('a journal that ends before what its index knows is refused, not written on', async () => {
  await append(record('a'));
  const end = (await append(record('b'))) + recordBytes(record('b'));
  await journal.close();
  await damage('000000000001.journal', BLOCK_BYTES + 4);
  await expect(reopen(end)).rejects.toMatchObject({ code: 'journal.corrupt' });
  await expect(reopen(2 * segmentBytes)).rejects.toMatchObject({ code: 'journal.corrupt' });
  await reopen();
  expect(found).toEqual(['a']);
});

test('a sealed segment with a damaged end is not taken for a shorter one', async () => {
  for (let i = 0; i < 20; i++) await append(record(`r${i}`));
  expect(await journal.records(1)).toHaveLength(15);
  await damage('000000000001.journal', 15 * BLOCK_BYTES);
  await expect(journal.records(1)).rejects.toMatchObject({ code: 'journal.corrupt' });
});

test('a recycled segment does not bring its old records back', async () => {
  for (let i = 0; i < 20; i++) await append(record(`old${i}`));
  expect(await journal.recycle(1)).toBe(true);
  for (let i = 0; i < 12; i++) await append(record(`new${i}`));
  await reopen();
  expect(found.filter((name) => name.startsWith('old'))).toEqual(['old15', 'old16', 'old17', 'old18', 'old19']);
  expect(found.filter((name) => name.startsWith('new'))).toHaveLength(12);
});

test('a segment is not recycled while it is read, nor while it is written', async () => {
  const position = await append(record('first'));
  for (let i = 0; i < 20; i++) await append(record(`r${i}`));
  const release = journal.pin(position);
  expect(await journal.recycle(1)).toBe(false);
  release();
  release();
  expect(await journal.recycle(journal.activeSequence)).toBe(false);
  expect(await journal.recycle(1)).toBe(true);
  expect(await segmentFiles()).toEqual(['000000000002.journal']);
});

test('bytes of an object that look like a batch are none', async () => {
  await append(record('a'));
  await journal.close();
  const forged = await Journal.open({ directory: await mkdtemp(join(directory, 'forged-')), segmentBytes, salt: 999 });
  await forged.replay(0, () => {});
  await forged.prepare(BLOCK_BYTES, 'write');
  await forged.append([record('first')]);
  await forged.append([record('forged')]);
  await forged.close();
  const [folder = ''] = (await readdir(directory)).filter((name) => name.startsWith('forged-'));
  await copyFile(join(directory, folder, '000000000001.journal'), join(directory, 'copy'));
  const [source, target] = [
    await open(join(directory, 'copy')),
    await open(join(directory, '000000000001.journal'), 'r+'),
  ];
  const { buffer } = await source.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, BLOCK_BYTES);
  await target.write(buffer, 0, BLOCK_BYTES, BLOCK_BYTES);
  await source.close();
  await target.close();
  await reopen();
  expect(found).toEqual(['a']);
});
