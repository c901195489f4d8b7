import { type FileHandle, mkdir, open, opendir, readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeDirectoryDurable, syncDirectory } from '../../core/durable-files.ts';
import { isNodeError } from '../../core/errors.ts';
import { own } from '../../core/owned-bytes.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import type { ByteRange } from '../store/object.ts';
import type { FileRef } from './catalog/version.ts';
import { DataFileWriter } from './data-file-writer.ts';
import { DirectorySync } from './directory-sync.ts';
import { DiskRoom } from './disk-room.ts';
import { STORED_CHUNK_BYTES } from './encryption/chunks.ts';
import { earlierShardOf, SHARDS, shardOf } from './shards.ts';

/** Where stores of before kept files that were not whole yet. */
const INCOMING = 'incoming';
/** A directory may hold millions: stores of before have nearly all their files in one. */
const NAMES_AT_A_TIME = 1024;
/** Whole chunks of an encrypted file, so that each is in one block. */
const READ_BYTES = 4 * STORED_CHUNK_BYTES;
const NOTHING = Buffer.alloc(0);

/** What to read. */
interface StoredFile {
  readonly id: number;
  /** On the disk. */
  readonly size: number;
  /** Absent where the bytes prove themselves. */
  readonly crc?: number | undefined;
}

/**
 * Files of large objects and parts. A file is written once, and it and its name are
 * durable before the journal speaks of it. What the journal does not speak of, and is
 * not being written, is an orphan of a crash.
 */
export class DataFiles {
  readonly #directory: string;
  readonly #pins = new Map<number, number>();
  readonly #doomed = new Set<number>();
  readonly #unlinking = new Set<Promise<void>>();
  readonly #writers = new Set<DataFileWriter>();
  readonly #shards = new Map<number, DirectorySync>();
  readonly #room: DiskRoom;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#room = new DiskRoom(directory);
  }

  static async open(directory: string): Promise<DataFiles> {
    await makeDirectoryDurable(directory);
    const missing = new Set(Array.from({ length: SHARDS }, (_, shard) => shardName(shard)));
    for (const name of await readdir(directory)) missing.delete(name);
    for (const name of missing) await mkdir(join(directory, name), { mode: 0o700 });
    await rm(join(directory, INCOMING), { recursive: true, force: true });
    await syncDirectory(directory);
    return new DataFiles(directory);
  }

  /** `id` is new. */
  async create(id: number): Promise<DataFileWriter> {
    const path = this.#path(id);
    const file = await open(path, 'wx', 0o600);
    const named = this.#syncOf(shardOf(id)).run(); // while the bytes come
    const writer = new DataFileWriter({
      id,
      file,
      path,
      named,
      room: this.#room,
      onEnd: () => this.#writers.delete(writer),
    });
    this.#writers.add(writer);
    return writer;
  }

  #syncOf(shard: number): DirectorySync {
    const known = this.#shards.get(shard);
    if (known) return known;
    const sync = new DirectorySync(join(this.#directory, shardName(shard)));
    this.#shards.set(shard, sync);
    return sync;
  }

  /** Some files are being written: without an end they are orphans. */
  get hasUnfinished(): boolean {
    return this.#writers.size > 0;
  }

  /** Keeps the files until the returned function is called. */
  pin(files: readonly FileRef[]): () => void {
    for (const { id } of files) this.#pins.set(id, (this.#pins.get(id) ?? 0) + 1);
    let held = true;
    return () => {
      if (held) for (const { id } of files) this.#unpin(id);
      held = false;
    };
  }

  #unpin(id: number): void {
    const left = (this.#pins.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#pins.set(id, left);
      return;
    }
    this.#pins.delete(id);
    if (this.#doomed.delete(id)) this.#unlink(id);
  }

  /** Removes the file when its last reader is done. */
  discard(id: number): void {
    if (this.#pins.has(id)) this.#doomed.add(id);
    else this.#unlink(id);
  }

  /** Not waited for: a file that a crash leaves behind is an orphan, and goes at the next start. */
  #unlink(id: number): void {
    const unlinking = this.#eitherPlace(id, (path) => unlink(path))
      .catch(() => {})
      .finally(() => this.#unlinking.delete(unlinking));
    this.#unlinking.add(unlinking);
  }

  /** Every discarded file is gone when it resolves. */
  async close(): Promise<void> {
    for (const id of this.#doomed) this.#unlink(id);
    this.#doomed.clear();
    await Promise.all(this.#unlinking);
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
    const file = await this.#openFile(id);
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
    } finally {
      await next?.catch(() => {});
      file.close().catch(() => {}); // nothing was written: the reader need not wait for it
    }
  }

  /** Reads the file as it is on the disk. @throws HoldfastError `object.damaged` */
  async verify({ id, crc }: FileRef): Promise<void> {
    const file = await this.#openFile(id);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    let sum = 0;
    try {
      for (let at = 0; ; ) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at);
        if (bytesRead === 0) break;
        sum = crc32(buffer.subarray(0, bytesRead), sum);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
    if (sum !== crc) throw objectErrors.damaged(`data file ${fileName(id)}`);
  }

  #openFile(id: number): Promise<FileHandle> {
    return this.#eitherPlace(id, (path) => open(path, 'r')).catch((error: unknown) => {
      throw isNodeError(error, 'ENOENT') ? objectErrors.damaged(`data file ${fileName(id)}`, 'is gone') : error;
    });
  }

  /** Where the file is, or would be if it was written before files were spread as they are now. */
  #eitherPlace<T>(id: number, act: (path: string) => Promise<T>): Promise<T> {
    return act(this.#path(id)).catch((error: unknown) => {
      if (!isNodeError(error, 'ENOENT')) throw error;
      return act(this.#path(id, earlierShardOf(id)));
    });
  }

  /** Removes every file that `isUsed` denies. For the start, when nothing else goes on. */
  async removeOrphans(isUsed: (id: number) => boolean): Promise<number> {
    let removed = 0;
    for (let shard = 0; shard < SHARDS; shard++) {
      const directory = join(this.#directory, shardName(shard));
      for await (const { name } of await opendir(directory, { bufferSize: NAMES_AT_A_TIME })) {
        if (isUsed(Number.parseInt(name, 16))) continue;
        await unlink(join(directory, name));
        removed++;
      }
    }
    return removed;
  }

  #path(id: number, shard = shardOf(id)): string {
    return join(this.#directory, shardName(shard), fileName(id));
  }
}

/** read(2) may give less than there is. @returns less than a block only at `end`, nothing where the file ends before it */
async function readBlock(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(Math.max(0, Math.min(READ_BYTES, end + 1 - start)));
  for (let filled = 0; filled < block.length; ) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, start + filled);
    if (bytesRead === 0) return NOTHING;
    filled += bytesRead;
  }
  return block;
}

function fileName(id: number): string {
  return id.toString(16).padStart(14, '0');
}

function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0');
}
