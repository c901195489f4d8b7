import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../../core/durable-files.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { diskFull, hasRoomFor, INDEX_ROOM_BYTES } from '../disk-room.ts';
import { preallocate, Segment } from './segment.ts';

const SPARE = /^spare-(\d+)$/;
/** Recycled segments beyond this give their space back. */
const MAX_SPARES = 4;

/** Preallocated files that wait to become segments. */
export class SegmentPool {
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #spares: string[] = [];
  #nextSpare = 0;
  #filling: Promise<void> | undefined;
  #closed = false;
  #isDiskFull = false;

  private constructor(directory: string, segmentBytes: number) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
  }

  /** Finds the spares of an earlier life; one that was not finished is made again. */
  static async open(directory: string, segmentBytes: number): Promise<SegmentPool> {
    const pool = new SegmentPool(directory, segmentBytes);
    for (const name of await readdir(directory)) {
      const number = Number(SPARE.exec(name)?.[1] ?? Number.NaN);
      if (Number.isNaN(number)) continue;
      const path = join(directory, name);
      pool.#nextSpare = Math.max(pool.#nextSpare, number + 1);
      if ((await stat(path)).size === segmentBytes) pool.#spares.push(path);
      else await rm(path);
    }
    await syncDirectory(directory); // a name that a crash has left may be in the system's memory alone
    return pool;
  }

  get size(): number {
    return this.#spares.length;
  }

  /** The last attempt to make a spare failed. */
  get isDiskFull(): boolean {
    return this.#isDiskFull;
  }

  /** @throws HoldfastError `disk.full` */
  async fill(count: number): Promise<void> {
    while (this.#spares.length < count && !this.#closed) {
      this.#filling ??= this.#allocate().finally(() => {
        this.#filling = undefined;
      });
      await this.#filling;
    }
  }

  /** Gives the next segment; its name is durable when it resolves. */
  async take(sequence: number): Promise<Segment> {
    const spare = this.#spares[0];
    if (spare === undefined) throw new Error('the pool is empty');
    const path = join(this.#directory, segmentName(sequence));
    await rename(spare, path);
    this.#spares.shift();
    await syncDirectory(this.#directory);
    return Segment.open(path, sequence);
  }

  /** What the segment held must not be needed any more. */
  async recycle(segment: Segment): Promise<void> {
    await segment.close();
    if (this.#spares.length >= MAX_SPARES) {
      await rm(segment.path);
    } else {
      const spare = this.#spareName();
      await rename(segment.path, spare);
      this.#spares.push(spare);
    }
    await syncDirectory(this.#directory);
  }

  /** Nothing is written any more when it resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling?.catch(() => {});
  }

  async #allocate(): Promise<void> {
    const spare = this.#spareName();
    try {
      if (!(await hasRoomFor(this.#directory, this.#segmentBytes + INDEX_ROOM_BYTES))) throw diskFull(spare);
      await preallocate(spare, this.#segmentBytes);
      this.#isDiskFull = false;
    } catch (error) {
      this.#isDiskFull = true;
      await rm(spare, { force: true });
      throw HoldfastError.from(error);
    }
    this.#spares.push(spare);
  }

  #spareName(): string {
    return join(this.#directory, `spare-${this.#nextSpare++}`);
  }
}

function segmentName(sequence: number): string {
  return `${String(sequence).padStart(12, '0')}.journal`;
}
