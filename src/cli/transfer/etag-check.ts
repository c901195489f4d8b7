import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { multipartEtag } from '../../../sdk/src/etag.ts';
import type { StorageReader } from '../../../sdk/src/index.ts';

export interface Content {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly versionId?: string | undefined;
}

const CHUNK = 1024 * 1024;

/**
 * Whether a file has the bytes that the ETag stands for: their MD5, or of a multipart object the MD5 of the
 * parts' MD5s. `undefined` where the ETag is of another kind, so that it tells nothing.
 */
export async function hasContent(
  file: FileHandle,
  storage: StorageReader,
  content: Content,
): Promise<boolean | undefined> {
  if (storage.customerKeyMd5 !== undefined) return undefined;
  if (isMd5(content.etag)) return (await md5(file, 0, content.size)) === content.etag;
  const [, count] = /^[0-9a-f]{32}-(\d+)$/.exec(content.etag) ?? [];
  if (count === undefined) return undefined;
  const first = await partLength(storage, content, 1);
  const even = evenLengths(content.size, first, Number(count));
  if (even && (await hasParts(file, even, content.etag))) return true;
  const lengths = await partLengths(storage, content, { first, count: Number(count) });
  return lengths && hasParts(file, lengths, content.etag);
}

/** Two of them that differ are of different bytes. */
export function isMd5(etag: string | undefined): boolean {
  return /^[0-9a-f]{32}$/.test(etag ?? '');
}

async function hasParts(file: FileHandle, lengths: readonly number[], etag: string): Promise<boolean> {
  const parts: { etag: string }[] = [];
  let position = 0;
  for (const length of lengths) {
    parts.push({ etag: await md5(file, position, length) });
    position += length;
  }
  return multipartEtag(parts) === etag;
}

/** Nearly everybody sends parts of one size, the last one excepted: then the first tells all. */
function evenLengths(size: number, first: number, count: number): number[] | undefined {
  if (first === 0 || Math.ceil(size / first) !== count) return undefined;
  return Array.from({ length: count }, (_, i) => Math.min(first, size - i * first));
}

async function partLengths(
  storage: StorageReader,
  content: Content,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<number[] | undefined> {
  const lengths = [first];
  for (let number = 2; number <= count; number += 1) lengths.push(await partLength(storage, content, number));
  const sum = lengths.reduce((total, length) => total + length, 0);
  return sum === content.size && !lengths.includes(0) ? lengths : undefined;
}

/** 0 where the store no longer knows the parts, as after some copies. */
async function partLength(
  storage: StorageReader,
  { key, etag, versionId }: Content,
  partNumber: number,
): Promise<number> {
  try {
    const part = await storage.open(key, { partNumber, ifMatch: etag, versionId });
    part?.close();
    return part?.length ?? 0;
  } catch (error) {
    if ((error as { status?: number }).status === 416) return 0;
    throw error;
  }
}

async function md5(file: FileHandle, start: number, length: number): Promise<string> {
  const hash = createHash('md5');
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, length));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - done), start + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return hash.digest('hex');
}
