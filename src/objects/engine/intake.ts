import { hash } from 'node:crypto';
import { HoldfastError, isHoldfastCode } from '../../core/errors.ts';
import { giveBack } from '../../core/owned-bytes.ts';
import { type Body, piecesOf } from '../store/body.ts';
import { secretEtag } from '../store/customer-key.ts';
import type { FileRef } from './catalog/version.ts';
import type { DataFiles } from './data-files.ts';
import { bodyMd5 } from './digest/body-md5.ts';
import type { Md5Threads } from './digest/md5-threads.ts';
import { INLINE, sealChunk } from './encryption/chunks.ts';
import { EncryptedFileWriter } from './encryption/encrypted-file.ts';
import type { DataKey } from './encryption/object-keys.ts';
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
  readonly body: Body;
  readonly size?: number | undefined;
  /** More than this goes to a file. */
  readonly inlineLimit: number;
  /** Encrypts what is kept. */
  readonly key?: DataKey | undefined;
}

type FileWriter = Pick<EncryptedFileWriter, 'write' | 'finish' | 'abandon'>;

/** Parts are files of their own, so that completing an upload copies nothing. */
export const NEVER_INLINE = -1;
const NO_BYTES = Buffer.alloc(0);

interface IntakeOptions {
  readonly files: DataFiles;
  readonly clock: HybridClock;
  readonly threads: Md5Threads;
}

/** Takes in bodies. */
export class Intake {
  readonly #files: DataFiles;
  readonly #clock: HybridClock;
  readonly #threads: Md5Threads;

  constructor({ files, clock, threads }: IntakeOptions) {
    this.#files = files;
    this.#clock = clock;
    this.#threads = threads;
  }

  /** Reads the body to its end. Leaves nothing behind when it throws. */
  async take(incoming: Incoming): Promise<Content> {
    const { body, inlineLimit } = incoming;
    return body instanceof Uint8Array && body.length <= inlineLimit
      ? inlineContent(body, incoming.key)
      : this.#receive(incoming);
  }

  async #receive({ body, size: expected, inlineLimit, key }: Incoming): Promise<Content> {
    const md5 = key?.byCustomer ? undefined : bodyMd5(this.#threads, expected);
    let chunks: Uint8Array[] = [];
    let size = 0;
    let writer: FileWriter | undefined;
    try {
      if (expected !== undefined && expected > inlineLimit) writer = await this.#create(key);
      for await (const chunk of piecesOf(body)) {
        const computing = md5?.update(chunk);
        if (computing) await computing;
        size += chunk.length;
        if (!writer && size > inlineLimit) {
          writer = await this.#create(key);
          for (const earlier of chunks) await writer.write(earlier);
          chunks = [];
        }
        if (writer) await writer.write(chunk);
        else chunks.push(chunk);
      }
      const digest = md5?.digest();
      digest?.catch(() => {}); // told below
      const files = writer ? [await writer.finish()] : [];
      const etag = digest ? await digest : secretEtag();
      return { size, etag, inline: writer ? NO_BYTES : inlineBytes(chunks, key), files };
    } catch (error) {
      await writer?.abandon();
      throw isDiskFull(error) ? HoldfastError.from(error) : error;
    } finally {
      md5?.release();
    }
  }

  async #create(key: DataKey | undefined): Promise<FileWriter> {
    const writer = await this.#files.create(this.#clock.tick());
    return key ? new EncryptedFileWriter(writer, key.data) : writer;
  }

  /**
   * What was not committed leaves no file behind. After a failed journal write nobody
   * knows: then the file stays, and the next start decides by what the journal says.
   */
  async keep<T>(contents: readonly Content[], commit: Promise<T>): Promise<T> {
    try {
      return await commit;
    } catch (error) {
      if (!isHoldfastCode(error, 'journal.failed')) for (const content of contents) this.discard(content);
      throw error;
    }
  }

  /** For content that did not reach the journal. */
  discard({ files }: Pick<Content, 'files'>): void {
    for (const { id } of files) this.#files.discard(id);
  }
}

function inlineContent(body: Uint8Array, key: DataKey | undefined): Content {
  const etag = key?.byCustomer ? secretEtag() : hash('md5', body);
  return { size: body.length, etag, inline: inlineBytes([body], key), files: [] };
}

function inlineBytes(chunks: readonly Uint8Array[], key: DataKey | undefined): Buffer {
  const bytes = key ? sealChunk(key.data, INLINE, chunks) : Buffer.concat(chunks);
  for (const chunk of chunks) giveBack(chunk);
  return bytes;
}

function isDiskFull(error: unknown): boolean {
  return HoldfastError.from(error).code === 'disk.full';
}
