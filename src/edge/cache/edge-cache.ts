import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Logger } from '../../core/log.ts';
import { TEMPORARY, verifyEntry, writeEntry } from './entry-file.ts';
import { MemoryTier } from './memory-tier.ts';
import { S3Fifo } from './s3-fifo.ts';

export interface EdgeCacheOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly log: Logger;
}

/** A kept body, and which state of the object it is of. */
export interface CachedBody {
  readonly id: string;
  readonly validator: string;
  readonly size: number;
}

interface Slot {
  readonly file: string;
  /** Absent: left by a process before, not looked at yet. */
  body: Promise<CachedBody | undefined> | undefined;
}

/** No body above it is kept: it would wait to be whole before it is sent, and push out many small ones. */
const MAX_ENTRY_BYTES = 8 * 1024 * 1024;
/** Of a body in memory: slow clients may each hold another one. */
const MAX_IN_MEMORY_BYTES = 128 * 1024;
const MEMORY_BYTES = 32 * 1024 * 1024;
/** Shares of the disk that must be free for something new to be kept, and for anything to stay. */
const FREE_TO_GROW = 0.1;
const FREE_TO_STAY = 0.05;

/**
 * Bodies on disk, by id. It knows nothing of freshness: whoever asks compares the validator with what the
 * origin says now. Whatever goes wrong here is a miss: nothing is promised, so nothing can be lost. A file
 * is named by id and validator and never changes, so that a reader cannot meet another state of the object.
 */
export class EdgeCache {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #log: Logger;
  readonly #queue: S3Fifo;
  readonly #memory = new MemoryTier(MEMORY_BYTES);
  readonly #slots = new Map<string, Slot>();
  /** What a process before has left is taken in, or cannot be. */
  readonly ready: Promise<void>;

  constructor({ directory, maxBytes, log }: EdgeCacheOptions) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    this.#log = log;
    this.#queue = new S3Fifo(maxBytes);
    this.ready = this.#takeOver().catch((error) => log.warn({ err: error }, 'the cache of the edge cannot be read'));
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  /** Whether a body of that size may be kept. */
  accepts(size: number): boolean {
    return size <= Math.min(MAX_ENTRY_BYTES, this.#maxBytes / 8);
  }

  async find(id: string): Promise<CachedBody | undefined> {
    const slot = this.#slots.get(id);
    if (!slot) return undefined;
    slot.body ??= this.#verify(id, slot.file);
    const body = await slot.body;
    if (body) this.#queue.touch(id);
    else if (this.#slots.get(id) === slot) await this.#drop([id]);
    return body;
  }

  /** Its bytes, `start` to `end`, both included; `undefined` when they are gone. */
  async read({ id, validator, size }: CachedBody, start = 0, end = size - 1): Promise<Buffer | Readable | undefined> {
    const name = fileName(id, validator);
    const kept = this.#memory.get(name);
    if (kept) return kept.subarray(start, end + 1);
    try {
      const file = await open(join(this.#directory, name));
      if (size > MAX_IN_MEMORY_BYTES) return file.createReadStream({ start, end });
      await using _closed = file;
      const bytes = (await file.readFile()).subarray(0, size);
      this.#memory.set(name, bytes);
      return bytes.subarray(start, end + 1);
    } catch {
      if (this.#slots.get(id)?.file === name) await this.#drop([id]);
      return undefined;
    }
  }

  /**
   * Keeps a body in place of what had its id; `undefined`, and `body` is not called, where there is no room.
   * @throws what the file system and the body throw
   */
  async put(id: string, validator: string, body: () => AsyncIterable<Uint8Array>): Promise<CachedBody | undefined> {
    if (!(await this.#hasRoom())) return undefined;
    const file = fileName(id, validator);
    const size = await writeEntry(join(this.#directory, file), { validator, body: body() });
    const kept = { id, validator, size };
    const before = this.#slots.get(id);
    this.#slots.set(id, { file, body: Promise.resolve(kept) });
    if (before && before.file !== file) await this.#removeFile(before.file);
    await this.#drop(this.#queue.add(id, size));
    return kept;
  }

  async forget(id: string): Promise<void> {
    await this.#drop([id]);
  }

  async #takeOver(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    for (const file of await readdir(this.#directory)) {
      const [, id] = FILE_NAME.exec(file) ?? [];
      const found = await stat(join(this.#directory, file)).catch(() => undefined);
      if (id === undefined ? isAbandoned(file) : found && this.#slots.has(id) && this.#slots.get(id)?.file !== file) {
        await this.#removeFile(file);
      }
      if (id === undefined || !found || this.#slots.has(id)) continue;
      this.#slots.set(id, { file, body: undefined });
      await this.#drop(this.#queue.add(id, found.size, { proven: true }));
    }
  }

  async #verify(id: string, file: string): Promise<CachedBody | undefined> {
    const found = await verifyEntry(join(this.#directory, file));
    return found && fileName(id, found.validator) === file ? { id, ...found } : undefined;
  }

  /** A disk that runs full has better things to keep. */
  async #hasRoom(): Promise<boolean> {
    const { bavail, blocks } = await statfs(this.#directory);
    if (bavail < blocks * FREE_TO_STAY && this.#slots.size > 0) {
      this.#log.warn({ bytes: this.bytes }, 'the disk is nearly full: the edge drops its cache');
      await this.#drop([...this.#slots.keys()]);
    }
    return bavail >= blocks * FREE_TO_GROW;
  }

  async #drop(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const slot = this.#slots.get(id);
      this.#slots.delete(id);
      this.#queue.remove(id);
      if (slot) await this.#removeFile(slot.file);
    }
  }

  /** Whoever reads it has it open, and reads on. */
  async #removeFile(file: string): Promise<void> {
    this.#memory.delete(file);
    await rm(join(this.#directory, file), { force: true }).catch(() => {});
  }
}

const FILE_NAME = /^([0-9a-f]{40})-[0-9a-f]{16}$/;

function fileName(id: string, validator: string): string {
  return `${id}-${digest(validator).slice(0, 16)}`;
}

/** Of a process that is gone; one edge at a time has the directory. */
function isAbandoned(file: string): boolean {
  return file.endsWith(TEMPORARY) && !file.includes(`.${process.pid}-`);
}

/** A name of its own for each variant of what stands at a path of a host. */
export function cacheId(host: string, path: string, coding: string | undefined): string {
  return digest(`${host}\0${path}\0${coding ?? ''}`).slice(0, 40);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
