import { type DiskBlocks, DiskRecording, type Recorded } from './disk-recording.ts';
import type { NbdDisk } from './nbd-server.ts';

const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);
const ERRNO = { EIO: 5, ENOSPC: 28 } as const;

/** From `start` on, `end` not included. */
export interface DiskRange {
  readonly start: number;
  readonly end: number;
}

/** What the disk does wrong, until it is told otherwise. */
export interface DiskFaults {
  /** Writes fail with it. */
  readonly writeError?: keyof typeof ERRNO;
  /** Where; everywhere unless said. */
  readonly writesTo?: readonly DiskRange[];
  /** Only of what begins with it. */
  readonly writesOf?: string;
  /** How many, then it is well again; all unless said. */
  readonly writes?: number;
  /** Sectors that cannot be read until they are written again. */
  readonly badSectors?: readonly DiskRange[];
  /** Each request takes so much longer. */
  readonly delayMs?: number;
}

export type DiskCommand =
  | { readonly type: 'faults'; readonly faults: DiskFaults }
  /** How many writes have failed since. */
  | { readonly type: 'failed' }
  /** The volatile cache is lost. */
  | { readonly type: 'cut' }
  /** From now on each state can be gone back to; `story` is a FIFO whose lines are taken down with them. */
  | { readonly type: 'record'; readonly story: string }
  /** How often it was flushed since. */
  | { readonly type: 'flushes' }
  /** With what was said; records no more. */
  | { readonly type: 'recorded' }
  /** As after a power cut behind that flush. `torn`: some of what was written after it is there, too. */
  | { readonly type: 'rewind'; readonly flushes: number; readonly torn: boolean };

/** A disk in memory with a volatile write cache: what was not flushed is lost with the power. */
export class DiskMemory implements NbdDisk {
  readonly bytes: number;
  /** As it reads. */
  #blocks: DiskBlocks = new Map();
  /** What was flushed. */
  #durable: DiskBlocks = new Map();
  #unflushed: DiskBlocks = new Map();
  #faults: DiskFaults = {};
  #failed = 0;
  #recording: DiskRecording | undefined;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  get delayMs(): number {
    return this.#faults.delayMs ?? 0;
  }

  read(offset: number, length: number): Buffer | number {
    const range = { start: offset, end: offset + length };
    if (this.#faults.badSectors?.some((bad) => overlaps(bad, range))) return ERRNO.EIO;
    const bytes = Buffer.allocUnsafe(length);
    for (let at = offset; at < range.end; ) {
      const within = at % BLOCK;
      const block = this.#blocks.get((at - within) / BLOCK) ?? ZEROS;
      at += block.copy(bytes, at - offset, within, Math.min(BLOCK, within + range.end - at));
    }
    return bytes;
  }

  write(offset: number, data: Buffer): number {
    const range = { start: offset, end: offset + data.length };
    if (this.#refuses(range, data)) {
      this.#failed++;
      return ERRNO[this.#faults.writeError ?? 'EIO'];
    }
    const { badSectors } = this.#faults;
    if (badSectors) this.#faults = { ...this.#faults, badSectors: badSectors.flatMap((bad) => without(bad, range)) };
    for (let at = offset; at < range.end; ) {
      const within = at % BLOCK;
      const number = (at - within) / BLOCK;
      const bytes = Math.min(BLOCK - within, range.end - at);
      const block = Buffer.from(this.#blocks.get(number) ?? ZEROS);
      data.copy(block, within, at - offset, at - offset + bytes);
      this.#blocks.set(number, block);
      this.#unflushed.set(number, block);
      at += bytes;
    }
    return 0;
  }

  flush(): number {
    for (const [number, block] of this.#unflushed) this.#durable.set(number, block);
    this.#recording?.flushed(this.#unflushed);
    this.#unflushed = new Map();
    return 0;
  }

  obey(command: DiskCommand): number | Recorded {
    switch (command.type) {
      case 'faults':
        this.#faults = command.faults;
        this.#failed = 0;
        return 0;
      case 'failed':
        return this.#failed;
      case 'cut':
        this.#restore(this.#durable);
        return 0;
      case 'record':
        this.#recording = new DiskRecording(this.#durable, command.story);
        return 0;
      case 'flushes':
        return this.#recorded.flushes;
      case 'recorded':
        return this.#recorded.end();
      case 'rewind':
        this.#restore(this.#recorded.at(command.flushes, command.torn));
        return 0;
    }
  }

  get #recorded(): DiskRecording {
    if (!this.#recording) throw new Error('nothing was recorded');
    return this.#recording;
  }

  #restore(blocks: DiskBlocks): void {
    this.#durable = new Map(blocks);
    this.#blocks = new Map(blocks);
    this.#unflushed = new Map();
  }

  #refuses(range: DiskRange, data: Buffer): boolean {
    const { writeError, writesTo, writesOf = '', writes = Number.POSITIVE_INFINITY } = this.#faults;
    if (writeError === undefined || this.#failed >= writes) return false;
    const isThere = writesTo?.some((to) => overlaps(to, range)) ?? true;
    return isThere && data.toString('latin1', 0, writesOf.length) === writesOf;
  }
}

function overlaps(one: DiskRange, other: DiskRange): boolean {
  return one.start < other.end && other.start < one.end;
}

function without({ start, end }: DiskRange, written: DiskRange): readonly DiskRange[] {
  const left = [
    { start, end: Math.min(end, written.start) },
    { start: Math.max(start, written.end), end },
  ];
  return overlaps({ start, end }, written) ? left.filter((range) => range.start < range.end) : [{ start, end }];
}
