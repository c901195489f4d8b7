import { closeSync, constants, openSync, readSync } from 'node:fs';

/** By number, 4 KiB each. */
export type DiskBlocks = Map<number, Buffer>;

/** A line of the story, and how many flushes there had been when it was said at the latest. */
export interface StoryLine {
  readonly line: string;
  readonly flushes: number;
}

export interface Recorded {
  readonly flushes: number;
  readonly story: readonly StoryLine[];
}

/** All states that a disk has had behind its flushes, and what those who used it said meanwhile. */
export class DiskRecording {
  readonly #base: DiskBlocks;
  readonly #flushed: DiskBlocks[] = [];
  readonly #said: StoryLine[] = [];
  readonly #fifo: number;
  #rest = '';
  #hasEnded = false;

  constructor(blocks: DiskBlocks, story: string) {
    this.#base = new Map(blocks);
    this.#fifo = openSync(story, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  get flushes(): number {
    return this.#flushed.length;
  }

  flushed(blocks: DiskBlocks): void {
    if (this.#hasEnded) return;
    this.#listen();
    this.#flushed.push(blocks);
  }

  /** What was said before this flush was asked for: what was announced may be in it, and what was acknowledged is before it. */
  #listen(): void {
    const buffer = Buffer.alloc(2 ** 16);
    for (let text = readNow(this.#fifo, buffer); text !== ''; text = readNow(this.#fifo, buffer)) this.#rest += text;
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    this.#said.push(...lines.map((line) => ({ line, flushes: this.#flushed.length })));
  }

  end(): Recorded {
    this.#listen();
    this.#hasEnded = true;
    closeSync(this.#fifo);
    return { flushes: this.#flushed.length, story: this.#said };
  }

  at(flushes: number, torn: boolean): DiskBlocks {
    const blocks = new Map(this.#base);
    for (const written of this.#flushed.slice(0, flushes))
      for (const [number, block] of written) blocks.set(number, block);
    const next = torn ? (this.#flushed[flushes] ?? []) : [];
    for (const [number, block] of next) if (Math.random() < 0.5) blocks.set(number, block);
    return blocks;
  }
}

/** Nothing where there is nothing now. */
function readNow(file: number, buffer: Buffer): string {
  try {
    return buffer.toString('utf8', 0, readSync(file, buffer));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return '';
    throw error;
  }
}
