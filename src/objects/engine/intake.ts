import { createHash, hash } from 'node:crypto';
import { isHoldfastCode } from '../../core/errors.ts';
import { giveBack } from '../../core/owned-bytes.ts';
import { type Body, piecesOf } from '../store/body.ts';
import { bodyEtag, needsMd5 } from '../store/body-etag.ts';
import type { Deposit, Deposited, DepositPlace } from '../store/deposit.ts';
import type { FileRef } from './catalog/version.ts';
import { INLINE, sealChunk } from './encryption/chunks.ts';
import type { DataKey } from './encryption/object-keys.ts';
import type { BodyWriter } from './files/body-writer.ts';
import type { DataFiles } from './files/data-files.ts';
import type { HybridClock } from './hybrid-clock.ts';

/** The bytes of a request as they stay, encrypted where they have a key: in memory for the journal, or in a durable file. */
export interface Content {
  readonly size: number;
  /** MD5 in hex, or what stands for it under a customer's key. */
  readonly etag: string;
  readonly inline: Buffer;
  readonly files: readonly FileRef[];
}

export interface Incoming {
  readonly body: Body | Deposit;
  readonly size?: number | undefined;
  /** More than this goes to a file. */
  readonly inlineLimit: number;
  /** Promised; refused with another. */
  readonly md5?: string | undefined;
  /** Encrypts what is kept. */
  readonly key?: DataKey | undefined;
}

type Keeping = Pick<Incoming, 'key' | 'md5'>;

/** Parts are files of their own, so that completing an upload copies nothing. */
export const NEVER_INLINE = -1;
const NO_BYTES = Buffer.alloc(0);

interface IntakeOptions {
  readonly files: DataFiles;
  readonly clock: HybridClock;
  readonly bodies: BodyWriter;
}

/** Takes in bodies. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Reads the body to its end. Leaves nothing behind when it throws. */
  async take({ body, size, inlineLimit, md5, key }: Incoming): Promise<Content> {
    const keeping = { key, md5 };
    const toFile = (pieces: AsyncIterable<Uint8Array>) =>
      this.#toFile(keeping, (place) => this.#options.bodies.write(pieces, place, size));
    if ('writeTo' in body) return this.#toFile(keeping, (place) => body.writeTo(place));
    if (body instanceof Uint8Array && body.length <= inlineLimit) return inlineContent([body], keeping);
    if (size !== undefined && size > inlineLimit) return toFile(piecesOf(body));
    const { read, rest } = await readUpTo(piecesOf(body), inlineLimit);
    return rest ? toFile(rest) : inlineContent(read, keeping);
  }

  async #toFile(keeping: Keeping, write: (place: DepositPlace) => Promise<Deposited>): Promise<Content> {
    const { files, clock } = this.#options;
    const made = await files.create(clock.tick());
    try {
      const { file, etag } = await write({ ...keeping, id: made.id, path: made.path });
      await made.finish();
      return { size: file.size, etag, inline: NO_BYTES, files: [file] };
    } catch (error) {
      await made.abandon();
      throw error;
    }
  }

  /**
   * What was not committed leaves no file behind. After a failed journal write nobody knows, and what an index
   * could not take is in the journal: then the file stays, and the next start decides by what the journal says.
   */
  async keep<T>(contents: readonly Content[], commit: Promise<T>): Promise<T> {
    try {
      return await commit;
    } catch (error) {
      const mayBeThere = ['journal.failed', 'store.index-damaged'].some((code) => isHoldfastCode(error, code));
      if (!mayBeThere) for (const content of contents) this.discard(content);
      throw error;
    }
  }

  /** For content that did not reach the journal. */
  discard({ files }: Pick<Content, 'files'>): void {
    for (const { id } of files) this.#options.files.discard(id);
  }
}

/** @returns all of it as `read`, or as `rest` where it is more than `limit` bytes */
async function readUpTo(
  body: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<{ readonly read: readonly Uint8Array[]; readonly rest?: AsyncIterable<Uint8Array> }> {
  const read: Uint8Array[] = [];
  const pieces = body[Symbol.asyncIterator]();
  for (let size = 0; ; ) {
    const next = await pieces.next();
    if (next.done) return { read };
    read.push(next.value);
    size += next.value.length;
    if (size > limit) return { read, rest: joined(read, pieces) };
  }
}

async function* joined(read: readonly Uint8Array[], pieces: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* read;
    yield* { [Symbol.asyncIterator]: () => pieces };
  } finally {
    await pieces.return?.();
  }
}

function inlineContent(pieces: readonly Uint8Array[], keeping: Keeping): Content {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const etag = bodyEtag(needsMd5(keeping) ? md5(pieces) : undefined, keeping);
  return { size, etag, inline: inlineBytes(pieces, keeping.key), files: [] };
}

function md5(pieces: readonly Uint8Array[]): string {
  const [only] = pieces;
  if (only && pieces.length === 1) return hash('md5', only);
  const sum = createHash('md5');
  for (const piece of pieces) sum.update(piece);
  return sum.digest('hex');
}

function inlineBytes(pieces: readonly Uint8Array[], key: DataKey | undefined): Buffer {
  const bytes = key ? sealChunk(key.data, INLINE, pieces) : Buffer.concat(pieces);
  for (const piece of pieces) giveBack(piece);
  return bytes;
}
