import { mkdir, open, opendir, readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AtMost } from '../../../core/at-most.ts';
import { makeDirectoryDurable, syncDirectory } from '../../../core/durable-files.ts';
import { isNodeError } from '../../../core/errors.ts';
import type { FileRef } from '../catalog/version.ts';
import { DataFileReader, dataFilePath, eitherPlace } from './data-file-reader.ts';
import { DirectorySync } from './directory-sync.ts';
import { NewDataFile } from './new-data-file.ts';
import { isShardName, shardName, shardOf } from './shards.ts';

/** Where stores of before kept files that were not whole yet. */
const INCOMING = 'incoming';
/** A directory may hold millions: stores of before have nearly all their files in one. */
const NAMES_AT_A_TIME = 1024;
/** Of an object there may be ten thousand, and the reads of others use the same threads. */
const UNLINKED_AT_A_TIME = 2;

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
  readonly #atMost = new AtMost(UNLINKED_AT_A_TIME);
  readonly #unfinished = new Set<NewDataFile>();
  /** By number, those that are known to have a durable name. */
  readonly #shards = new Map<number, Promise<DirectorySync>>();
  readonly reader: DataFileReader;

  private constructor(directory: string) {
    this.#directory = directory;
    this.reader = new DataFileReader(directory);
  }

  static async open(directory: string): Promise<DataFiles> {
    await makeDirectoryDurable(directory);
    await rm(join(directory, INCOMING), { recursive: true, force: true });
    await syncDirectory(directory); // with the shards that a crash has left without
    return new DataFiles(directory);
  }

  /** `id` is new. */
  async create(id: number): Promise<NewDataFile> {
    const shard = await this.#shard(shardOf(id));
    const path = dataFilePath(this.#directory, id);
    await (await open(path, 'wx', 0o600)).close();
    const named = shard.run(); // while the bytes come
    const file = new NewDataFile({ id, path, named, onEnd: () => this.#unfinished.delete(file) });
    this.#unfinished.add(file);
    return file;
  }

  /** Made when its first file comes. */
  #shard(number: number): Promise<DirectorySync> {
    const known = this.#shards.get(number);
    if (known) return known;
    const path = join(this.#directory, shardName(number));
    const shard = this.#makeShard(path);
    shard.catch(() => this.#shards.delete(number)); // on a full disk: the next file tries again
    this.#shards.set(number, shard);
    return shard;
  }

  /** One that is there may be of an attempt that failed before its name was durable. */
  async #makeShard(path: string): Promise<DirectorySync> {
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!isNodeError(error, 'EEXIST')) throw error;
    });
    await syncDirectory(this.#directory);
    return new DirectorySync(path);
  }

  /** Some files are being written: without an end they are orphans. */
  get hasUnfinished(): boolean {
    return this.#unfinished.size > 0;
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
    const unlinking = this.#atMost
      .run(() => eitherPlace(this.#directory, id, (path) => unlink(path)))
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

  /** Removes every file that `isUsed` denies. For the start, when nothing else goes on. */
  async removeOrphans(isUsed: (id: number) => boolean): Promise<number> {
    let removed = 0;
    for (const shard of (await readdir(this.#directory)).filter(isShardName)) {
      const directory = join(this.#directory, shard);
      for await (const { name } of await opendir(directory, { bufferSize: NAMES_AT_A_TIME })) {
        if (isUsed(Number.parseInt(name, 16))) continue;
        await unlink(join(directory, name));
        removed++;
      }
    }
    return removed;
  }
}
