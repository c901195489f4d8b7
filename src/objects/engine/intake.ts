import { createHash } from 'node:crypto';
import { HoldfastError } from '../../core/errors.ts';
import type { DataFiles, DataFileWriter } from './data-files.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { FileRef } from './version.ts';

/** The bytes of a request, where they stay: in memory for the journal, or in a durable file. */
export interface Content {
  readonly size: number;
  /** MD5 in hex. */
  readonly md5: string;
  readonly inline: Buffer;
  readonly files: readonly FileRef[];
}

export interface Incoming {
  readonly body: AsyncIterable<Uint8Array>;
  readonly size?: number | undefined;
  /** More than this goes to a file. */
  readonly inlineLimit: number;
}

const NO_BYTES = Buffer.alloc(0);

/** Takes in bodies. */
export class Intake {
  readonly #files: DataFiles;
  readonly #clock: HybridClock;

  constructor(files: DataFiles, clock: HybridClock) {
    this.#files = files;
    this.#clock = clock;
  }

  /** Reads the body to its end. Leaves nothing behind when it throws. */
  async take({ body, size: expected, inlineLimit }: Incoming): Promise<Content> {
    const md5 = createHash('md5');
    let chunks: Uint8Array[] = [];
    let size = 0;
    let writer: DataFileWriter | undefined;
    try {
      if (expected !== undefined && expected > inlineLimit) writer = await this.#files.create(this.#clock.tick());
      for await (const chunk of body) {
        md5.update(chunk);
        size += chunk.length;
        if (!writer && size > inlineLimit) {
          writer = await this.#files.create(this.#clock.tick());
          for (const earlier of chunks) await writer.write(earlier);
          chunks = [];
        }
        if (writer) await writer.write(chunk);
        else chunks.push(chunk);
      }
      const files = writer ? [await writer.finish()] : [];
      return { size, md5: md5.digest('hex'), inline: writer ? NO_BYTES : Buffer.concat(chunks, size), files };
    } catch (error) {
      await writer?.abandon();
      throw isDiskFull(error) ? HoldfastError.from(error) : error;
    }
  }

  /** For content that did not reach the journal. */
  discard({ files }: Pick<Content, 'files'>): void {
    for (const { id } of files) this.#files.discard(id);
  }
}

function isDiskFull(error: unknown): boolean {
  return HoldfastError.from(error).code === 'disk.full';
}
