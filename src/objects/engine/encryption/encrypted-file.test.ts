import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FileRef } from '../catalog/version.ts';
import { BodyWriter } from '../files/body-writer.ts';
import { DataFiles } from '../files/data-files.ts';
import { CHUNK_BYTES, INLINE, openChunk, STORED_CHUNK_BYTES, sealChunk, storedBytes } from './chunks.ts';
import { readEncrypted } from './encrypted-file.ts';

const key = randomBytes(32);
const damaged = expect.objectContaining({ code: 'object.damaged' });

let directory: string;
let bodies: BodyWriter;
let files: DataFiles;
let lastId = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-encryption-'));
  files = await DataFiles.open(directory);
  bodies = new BodyWriter();
});

afterEach(() => rm(directory, { recursive: true }));

async function write(content: Buffer, pieceBytes = content.length || 1): Promise<FileRef> {
  const { id, path } = await files.create(++lastId);
  const place = { id, path, key: { data: key, byCustomer: true } };
  const { file } = await bodies.write(inPieces(content, pieceBytes), place, content.length);
  return file;
}

async function* inPieces(content: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
}

async function read(file: FileRef, start = 0, end = file.size - 1, under = key): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readEncrypted(files.reader, file, { key: under, start, end })) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function pathOf({ id }: FileRef): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  return join(directory, names.find((name) => name.endsWith(id.toString(16).padStart(14, '0'))) ?? '');
}

/** As who changes the file would: with the checksum, which has no secret, brought in line. */
async function change(file: FileRef, to: (bytes: Buffer) => Buffer): Promise<FileRef> {
  const path = await pathOf(file);
  const bytes = to(await readFile(path));
  await writeFile(path, bytes);
  return { ...file, crc: crc32(bytes) };
}

const chunkOf = (bytes: Buffer, index: number) =>
  bytes.subarray(index * STORED_CHUNK_BYTES, (index + 1) * STORED_CHUNK_BYTES);

const nearBoundary = fc
  .tuple(fc.nat(9), fc.integer({ min: -2, max: 2 }))
  .map(([chunks, off]) => Math.max(chunks * CHUNK_BYTES + off, 0));

test('every range of every size comes back, however the bytes came', async () => {
  const content = randomBytes(10 * CHUNK_BYTES);
  const cuts = fc.array(nearBoundary, { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(nearBoundary, fc.integer({ min: 1000, max: 200_000 }), cuts, async (size, pieceBytes, cuts) => {
      const file = await write(content.subarray(0, size), pieceBytes);
      expect(file.size).toBe(size);
      expect((await readFile(await pathOf(file))).length).toBe(storedBytes(size));
      expect((await read(file)).equals(content.subarray(0, size))).toBe(true);
      const inside = cuts.filter((at) => at < size).toSorted((a, b) => a - b);
      for (const start of inside) {
        for (const end of inside) {
          if (end < start) continue;
          expect((await read(file, start, end)).equals(content.subarray(start, end + 1))).toBe(true);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test('the checksum of a file is that of what is on the disk: it can be verified without a key', async () => {
  const file = await write(randomBytes(100_000));
  expect(crc32(await readFile(await pathOf(file)))).toBe(file.crc);
});

describe('what was not encrypted so is refused:', () => {
  const content = randomBytes(3 * CHUNK_BYTES + 100);

  test('one changed bit, wherever it is', async () => {
    const original = await write(content);
    const bytes = await readFile(await pathOf(original));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const file = await change(original, () => {
          const changed = Buffer.from(bytes);
          changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
          return changed;
        });
        await expect(read(file)).rejects.toThrow(damaged);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [
      'exchanged chunks',
      (bytes: Buffer) => Buffer.concat([chunkOf(bytes, 1), chunkOf(bytes, 0), bytes.subarray(2 * STORED_CHUNK_BYTES)]),
    ],
    [
      'a repeated chunk',
      (bytes: Buffer) => Buffer.concat([chunkOf(bytes, 0), chunkOf(bytes, 0), bytes.subarray(2 * STORED_CHUNK_BYTES)]),
    ],
    ['a lost last chunk', (bytes: Buffer) => bytes.subarray(0, 3 * STORED_CHUNK_BYTES)],
    ['a cut last chunk', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
    ['a lost first chunk', (bytes: Buffer) => bytes.subarray(STORED_CHUNK_BYTES)],
    ['nothing', () => Buffer.alloc(0)],
  ] as const)('%s', async (_, to) => {
    const file = await change(await write(content), to);
    await expect(read(file)).rejects.toThrow(damaged);
  });

  test('a cut file whose size was changed with it', async () => {
    const file = await change(await write(content), (bytes) => bytes.subarray(0, bytes.length - 50));
    await expect(read({ ...file, size: file.size - 50 })).rejects.toThrow(damaged);
  });

  test('another file of the same key', async () => {
    const [one, other] = [await write(content), await write(content)];
    const bytes = await readFile(await pathOf(other));
    await expect(read(await change(one, () => bytes))).rejects.toThrow(damaged);
  });

  test('another key', async () => {
    const file = await write(content);
    await expect(read(file, 0, 10, randomBytes(32))).rejects.toThrow(damaged);
    const chunk = sealChunk(key, INLINE, [content]);
    expect(openChunk(key, INLINE, chunk)).toEqual(content);
    expect(() => openChunk(randomBytes(32), INLINE, chunk)).toThrow(damaged);
    expect(() => openChunk(key, { file: 1, index: 0 }, chunk)).toThrow(damaged);
    expect(() => openChunk(key, INLINE, chunk.subarray(0, 20))).toThrow(damaged);
  });

  test('a range only reads what it touches', async () => {
    const file = await change(await write(content), (bytes) =>
      bytes.fill(0, STORED_CHUNK_BYTES, STORED_CHUNK_BYTES + 1),
    );
    expect(await read(file, 0, CHUNK_BYTES - 1)).toEqual(content.subarray(0, CHUNK_BYTES));
    expect(await read(file, 2 * CHUNK_BYTES)).toEqual(content.subarray(2 * CHUNK_BYTES));
    await expect(read(file, CHUNK_BYTES, CHUNK_BYTES)).rejects.toThrow(damaged);
  });
});

test('no nonce comes twice, of the same bytes at the same place either', async () => {
  const nonces = new Set<string>();
  for (let i = 0; i < 5000; i++) nonces.add(sealChunk(key, INLINE, [Buffer.from('same')]).toString('hex', 0, 12));
  for (let i = 0; i < 3; i++) {
    const bytes = await readFile(await pathOf(await write(Buffer.alloc(10 * CHUNK_BYTES))));
    for (let at = 0; at < bytes.length; at += STORED_CHUNK_BYTES) nonces.add(bytes.toString('hex', at, at + 12));
  }
  expect(nonces.size).toBe(5030);
});
