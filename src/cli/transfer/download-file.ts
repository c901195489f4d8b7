import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ObjectInfo, StorageReader } from '../../../sdk/src/index.ts';
import { syncDirectory } from '../../core/durable-files.ts';
import { type Content, hasContent } from './etag-check.ts';
import { readModified } from './modified-time.ts';
import { PARALLEL_PARTS, PART_SIZE } from './part-size.ts';
import { partialPath, passingPath, removeStalePartials } from './partial-file.ts';
import { claimTransfer } from './transfer-claim.ts';

export interface Download {
  readonly object: ObjectInfo;
  readonly path: string;
  /** Gives the file the time that came with the object, else this one (milliseconds). */
  readonly modified?: number | undefined;
  readonly signal: AbortSignal;
  /** Bytes that have come over the network, and in the beginning those that were there. */
  readonly onBytes?: ((bytes: { readonly received: number; readonly resumed: number }) => void) | undefined;
}

/**
 * The file appears under its name when it is whole, checked against the ETag and synced. Until then it grows beside it;
 * one that was interrupted goes on where it was, as long as the object is the same.
 */
export async function downloadFile(storage: StorageReader, download: Download): Promise<void> {
  const { object, path } = download;
  // What a small file has is not worth to be kept.
  const claim = object.size > PART_SIZE ? await claimTransfer(`to ${resolve(path)}`) : undefined;
  try {
    const partial = claim ? partialPath(path, object.etag) : passingPath(path);
    if (claim) await removeStalePartials(path, partial);
    await downloadBeside(storage, { ...download, partial, keep: claim !== undefined });
  } finally {
    await claim?.release();
  }
  await syncDirectory(dirname(path));
}

async function downloadBeside(
  storage: StorageReader,
  { partial, keep, ...download }: Download & { readonly partial: string; readonly keep: boolean },
): Promise<void> {
  const { object, path } = download;
  const replaced = await stat(path).catch(() => undefined);
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(partial, flags, replaced ? 0o600 : 0o666);
    try {
      await fill(file, storage, download);
      const modified = readModified(object.metadata) ?? download.modified ?? object.lastModified.getTime();
      await file.utimes(Date.now() / 1000, modified / 1000);
      if (replaced) await file.chmod(replaced.mode & 0o777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    // Of another version nobody has a use.
    if (!keep || (error as { code?: unknown }).code === 'PreconditionFailed') await rm(partial, { force: true });
    throw error;
  }
}

async function fill(file: FileHandle, storage: StorageReader, download: Download): Promise<void> {
  const { object } = download;
  const { size } = await file.stat();
  const resumed = size > object.size ? 0 : size;
  download.onBytes?.({ received: 0, resumed });
  await receive(file, storage, { ...download, from: resumed });
  const right = await hasContent(file, storage, object);
  if (right ?? resumed === 0) return;
  await file.truncate(0);
  if (resumed === 0) throw new Error(`what came for ${object.key} is not what its ETag says`);
  // What was there had not been written whole, as after a power cut; or nothing tells whether it had.
  download.onBytes?.({ received: 0, resumed: 0 });
  await receive(file, storage, { ...download, from: 0 });
  if ((await hasContent(file, storage, object)) !== false) return;
  throw new Error(`what came for ${object.key} is not what its ETag says`);
}

/** Writes in order, so that the length of the file says how much of it is there. */
async function receive(
  file: FileHandle,
  storage: StorageReader,
  { object, from, signal, onBytes }: Download & { readonly from: number },
): Promise<void> {
  let position = from;
  await file.truncate(from);
  for await (const bytes of ranges(storage, { object, from, signal })) {
    signal.throwIfAborted();
    await writeWhole(file, bytes, position);
    position += bytes.length;
    onBytes?.({ received: bytes.length, resumed: 0 });
  }
}

/** write(2) may take a part alone, as before a disk is full; what is wrong is told to the next one. */
async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Several ranges at once, given in order; one version of the object. */
async function* ranges(
  storage: StorageReader,
  { object, from, signal }: { readonly object: Content; readonly from: number; readonly signal: AbortSignal },
): AsyncGenerator<Buffer, void, void> {
  const stopped = new AbortController();
  const pending: Promise<Buffer>[] = [];
  let start = from;
  const ask = () => {
    while (pending.length < PARALLEL_PARTS && start < object.size) {
      const end = Math.min(start + PART_SIZE, object.size);
      const range = fetchRange(storage, { object, start, end, signal: AbortSignal.any([signal, stopped.signal]) });
      range.catch(() => {}); // it is awaited in its turn
      pending.push(range);
      start = end;
    }
  };
  try {
    for (ask(); pending.length > 0; ask()) yield (await pending.shift()) as Buffer;
  } finally {
    stopped.abort();
  }
}

async function fetchRange(
  storage: StorageReader,
  { object, start, end, signal }: { object: Content; start: number; end: number; signal: AbortSignal },
): Promise<Buffer> {
  const { key, etag, versionId } = object;
  const found = await storage.get(key, { range: { start, end: end - 1 }, ifMatch: etag, versionId, signal });
  if (found === null) throw new Error(`${key} was removed while it was read`);
  if (found.body.length !== end - start)
    throw new Error(`${end - start} bytes of ${key} were asked for, ${found.body.length} came`);
  return found.body;
}
