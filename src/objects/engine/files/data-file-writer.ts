import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { giveBack } from '../../../core/owned-bytes.ts';
import type { FileRef } from '../catalog/version.ts';
import { type DiskRoom, diskFull, INDEX_ROOM_BYTES } from '../disk-room.ts';

/** So much is on its way to the system while as much again gathers. */
const WRITE_BYTES = 256 * 2 ** 10;
/** As many as one writev(2) takes; also bounds what a client takes that sends byte by byte. */
const WRITE_CHUNKS = 1024;

interface DataFileWriterOptions {
  readonly id: number;
  /** New and empty. */
  readonly file: FileHandle;
  readonly path: string;
  readonly room: DiskRoom;
}

/** Writes the bytes of one data file, from its start to its end. */
export class DataFileWriter {
  readonly #options: DataFileWriterOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #size = 0;
  #crc = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: DataFileWriterOptions) {
    this.#options = options;
  }

  get id(): number {
    return this.#options.id;
  }

  /** Takes the bytes over. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#crc = crc32(chunk, this.#crc);
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= WRITE_BYTES || this.#waiting.length === WRITE_CHUNKS) await this.#flush();
  }

  /** Waits for what is on its way, not for what it sends after that. */
  async #flush(): Promise<void> {
    await this.#flushing;
    const chunks = this.#waiting;
    const bytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#flushing = this.#send(chunks, bytes);
    this.#flushing.catch(() => {}); // the next to wait for it is told
  }

  async #send(all: readonly Uint8Array[], bytes: number): Promise<void> {
    const { file, room, path } = this.#options;
    if (!(await room.has(bytes + INDEX_ROOM_BYTES))) throw diskFull(path);
    for (let chunks = all; chunks.length > 0; ) {
      const { bytesWritten } = await file.writev(chunks, this.#size);
      this.#size += bytesWritten;
      chunks = withoutFirst(chunks, bytesWritten);
    }
    for (const chunk of all) giveBack(chunk);
  }

  /** The bytes are durable when it resolves. */
  async finish(): Promise<FileRef> {
    const { id, file } = this.#options;
    await this.#flush();
    await this.#flushing;
    await file.sync();
    await file.close();
    return { id, size: this.#size, crc: this.#crc };
  }

  /** Writes no more; may be called at any time. */
  async stop(): Promise<void> {
    await this.#flushing.catch(() => {});
    await this.#options.file.close().catch(() => {});
  }
}

/** What is left of `chunks` after `bytes` of them. */
function withoutFirst(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  return chunks.flatMap((chunk) => {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    return rest.length > 0 ? [rest] : [];
  });
}
