import { isHoldfastCode } from '../../../core/errors.ts';
import { alignToBlock, type BatchHeader, BLOCK_BYTES, decodeBatchHeader } from './batch.ts';
import type { Segment } from './segment.ts';

interface SegmentFormat {
  readonly segmentBytes: number;
  readonly salt: number;
}

/** All of a segment, in memory; where the disk does not give it back, zeros. */
export class SegmentBytes {
  readonly all: Buffer;
  readonly #base: number;
  readonly #salt: number;
  readonly #unreadable: ReadonlySet<number>;

  private constructor(segment: Segment, { segmentBytes, salt }: SegmentFormat, read: ReadBlocks) {
    this.all = read.bytes;
    this.#base = segment.sequence * segmentBytes;
    this.#salt = salt;
    this.#unreadable = read.unreadable;
  }

  static async read(segment: Segment, format: SegmentFormat): Promise<SegmentBytes> {
    const read = await readBlocks(segment, format.segmentBytes);
    if (read.unreadable.size > 0) segment.reportDamage();
    return new SegmentBytes(segment, format, read);
  }

  headerAt(offset: number): BatchHeader | undefined {
    return decodeBatchHeader(this.all, offset, { position: this.#base + offset, salt: this.#salt });
  }

  /** Whether the disk gave back the blocks from `offset` on: one, or all of the batch. */
  isReadable(offset: number, batch?: BatchHeader): boolean {
    const end = offset + (batch ? alignToBlock(batch.length) : BLOCK_BYTES);
    for (let at = offset; at < end; at += BLOCK_BYTES) if (this.#unreadable.has(at)) return false;
    return true;
  }

  /** Behind a batch that cannot be read, the next one before `position`. */
  batchAfter(offset: number, position: number): { readonly offset: number; readonly header: BatchHeader } | undefined {
    for (let at = offset + BLOCK_BYTES; this.#base + at < position; at += BLOCK_BYTES) {
      const header = this.headerAt(at);
      if (header) return { offset: at, header };
    }
    return undefined;
  }
}

interface ReadBlocks {
  readonly bytes: Buffer;
  /** Where blocks begin. */
  readonly unreadable: ReadonlySet<number>;
}

async function readBlocks(segment: Segment, length: number): Promise<ReadBlocks> {
  const bytes = Buffer.alloc(length);
  const unreadable = new Set<number>();
  await readParts(segment, { bytes, unreadable }, { at: 0, length });
  return { bytes, unreadable };
}

interface Part {
  readonly at: number;
  readonly length: number;
}

const PARTS = 8;

/** What the disk does not give back in one read is read in parts, down to the blocks: each bad one can take seconds. */
async function readParts(
  segment: Segment,
  read: { readonly bytes: Buffer; readonly unreadable: Set<number> },
  { at, length }: Part,
): Promise<void> {
  const found = await segment.read(at, length).catch(nothingOfDamaged);
  if (found) found.copy(read.bytes, at);
  else if (length <= BLOCK_BYTES) read.unreadable.add(at);
  else {
    const step = alignToBlock(length / PARTS);
    for (let part = at; part < at + length; part += step) {
      await readParts(segment, read, { at: part, length: Math.min(step, at + length - part) });
    }
  }
}

function nothingOfDamaged(error: unknown): undefined {
  if (!isHoldfastCode(error, 'object.damaged')) throw error;
}
