import { constants, type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { objectErrors } from '../../store/errors/object-errors.ts';
import { readFailure } from '../errors.ts';

const ZEROS = Buffer.alloc(2 ** 20);

/** A file of the journal, of fixed size; `sequence` is its place in the journal's life. */
export class Segment {
  readonly sequence: number;
  readonly path: string;
  readonly #file: FileHandle;
  #pins = 0;
  #isDamaged = false;

  private constructor(sequence: number, path: string, file: FileHandle) {
    this.sequence = sequence;
    this.path = path;
    this.#file = file;
  }

  /** Writes are durable when they return (open(2), O_DSYNC). */
  static async open(path: string, sequence: number): Promise<Segment> {
    return new Segment(sequence, path, await open(path, constants.O_RDWR | constants.O_DSYNC));
  }

  get name(): string {
    return basename(this.path);
  }

  async write(bytes: Buffer, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await this.#file.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw objectErrors.damaged(`journal segment ${this.name}`, 'is too short');
        done += bytesRead;
      }
    } catch (error) {
      throw readFailure(error, `journal segment ${this.name}`);
    }
    return bytes;
  }

  /** Keeps the bytes in place until `unpin`. */
  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    this.#pins--;
  }

  async whilePinned<T>(read: () => Promise<T>): Promise<T> {
    this.pin();
    try {
      return await read();
    } finally {
      this.unpin();
    }
  }

  get pinned(): boolean {
    return this.#pins > 0;
  }

  /** A record of it could not be read. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  reportDamage(): void {
    this.#isDamaged = true;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * A file of zeros with its blocks on disk, so that later writes change no file size
 * and no allocation: 3 to 5 times faster appends than into a growing file.
 */
export async function preallocate(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for (let done = 0; done < bytes; ) {
      const { bytesWritten } = await file.write(ZEROS, 0, Math.min(ZEROS.length, bytes - done), done);
      done += bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
