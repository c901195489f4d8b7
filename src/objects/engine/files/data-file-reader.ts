import { closeSync, open, read } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { isNodeError } from '../../../core/errors.ts';
import { BlockPool, own } from '../../../core/owned-bytes.ts';
import { objectErrors } from '../../store/errors/object-errors.ts';
import type { ByteRange } from '../../store/object.ts';
import type { StoredFile } from '../../store/stored-body.ts';
import { STORED_CHUNK_BYTES } from '../encryption/chunks.ts';
import { readFailure } from '../errors.ts';
import { earlierShardOf, shardName, shardOf } from './shards.ts';

/** Whole chunks of an encrypted file, so that each is in one block. */
const READ_BYTES = 8 * STORED_CHUNK_BYTES;
const NOTHING = Buffer.alloc(0);
/** 16 MiB, of all readers of the process. */
const blocks = new BlockPool(READ_BYTES, 32);

/** Of descriptors: the calls of a `FileHandle` cost more, and it is closed in another thread only, though that waits for nothing. */
const openFile = promisify(open);
const readFile = promisify(read);

/** Reads files of large objects and parts, which are never written again: in any process, while somebody keeps them. */
export class DataFileReader {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Bytes `start` to `end` of the file, both included. A file that is read whole is
   * checked before its last bytes are given; one that is gone is damage, too.
   * @throws HoldfastError `object.damaged`
   */
  async *read({ id, size, crc }: StoredFile, start: number, end: number): AsyncGenerator<Uint8Array> {
    const whole = crc !== undefined && start === 0 && end === size - 1;
    let sum = 0;
    let left = end + 1 - start;
    for await (const bytes of this.readBlocks(id, { start, end })) {
      left -= bytes.length;
      if (whole) sum = crc32(bytes, sum);
      if (whole && left === 0 && sum !== crc) throw objectErrors.damaged(`data file ${fileName(id)}`);
      yield own(bytes);
    }
  }

  /**
   * Bytes `start` to `end`, unchecked, in blocks of `READ_BYTES` of their own. While one is used, the
   * next is read: a reader that is slow holds two.
   * @throws HoldfastError `object.damaged` where there are fewer
   */
  async *readBlocks(id: number, { start, end }: ByteRange): AsyncGenerator<Buffer> {
    const file = await this.#open(id);
    let next: Promise<Buffer> | undefined;
    try {
      next = readBlock(file, start, end);
      for (let at = start; at <= end; ) {
        const block = await next;
        if (block.length === 0) throw objectErrors.damaged(`data file ${fileName(id)}`, 'is too short');
        at += block.length;
        next = readBlock(file, at, end);
        next.catch(() => {}); // told when it is waited for
        yield block;
      }
    } catch (error) {
      throw readFailure(error, `data file ${fileName(id)}`);
    } finally {
      await next?.catch(() => {});
      closeSync(file);
    }
  }

  /** Reads the file as it is on the disk. @throws HoldfastError `object.damaged` */
  async verify({ id, crc }: StoredFile): Promise<void> {
    const file = await this.#open(id);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    let sum = 0;
    try {
      for (let at = 0; ; ) {
        const { bytesRead } = await readFile(file, buffer, 0, READ_BYTES, at);
        if (bytesRead === 0) break;
        sum = crc32(buffer.subarray(0, bytesRead), sum);
        at += bytesRead;
      }
    } catch (error) {
      throw readFailure(error, `data file ${fileName(id)}`);
    } finally {
      closeSync(file);
    }
    if (sum !== crc) throw objectErrors.damaged(`data file ${fileName(id)}`);
  }

  #open(id: number): Promise<number> {
    return eitherPlace(this.directory, id, (path) => openFile(path, 'r')).catch((error: unknown) => {
      if (isNodeError(error, 'ENOENT')) throw objectErrors.damaged(`data file ${fileName(id)}`, 'is gone');
      throw readFailure(error, `data file ${fileName(id)}`);
    });
  }
}

/** Where a file is written, or another shard's directory would have it. */
export function dataFilePath(directory: string, id: number, shard = shardOf(id)): string {
  return join(directory, shardName(shard), fileName(id));
}

/** Where the file is, or would be if it was written before files were spread as they are now. */
export function eitherPlace<T>(directory: string, id: number, act: (path: string) => Promise<T>): Promise<T> {
  return act(dataFilePath(directory, id)).catch((error: unknown) => {
    if (!isNodeError(error, 'ENOENT')) throw error;
    return act(dataFilePath(directory, id, earlierShardOf(id)));
  });
}

/** read(2) may give less than there is. @returns less than a block only at `end`, nothing where the file ends before it */
async function readBlock(file: number, start: number, end: number): Promise<Buffer> {
  const length = Math.max(0, Math.min(READ_BYTES, end + 1 - start));
  const block = length === READ_BYTES ? blocks.take() : Buffer.allocUnsafeSlow(length);
  for (let filled = 0; filled < block.length; ) {
    const { bytesRead } = await readFile(file, block, filled, block.length - filled, start + filled);
    if (bytesRead === 0) return NOTHING;
    filled += bytesRead;
  }
  return block;
}

function fileName(id: number): string {
  return id.toString(16).padStart(14, '0');
}
