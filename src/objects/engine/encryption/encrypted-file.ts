import type { FileRef } from '../catalog/version.ts';
import type { DataFileWriter } from '../data-file-writer.ts';
import type { DataFiles } from '../data-files.ts';
import { CHUNK_BYTES, ChunkSealer, openChunk, STORED_CHUNK_BYTES, storedBytes } from './chunks.ts';

/** Whole chunks, so that none is copied together. */
const BLOCK_BYTES = 4 * STORED_CHUNK_BYTES;

/** Writes a data file whose bytes are encrypted as they come. */
export class EncryptedFileWriter {
  readonly #writer: DataFileWriter;
  readonly #key: Buffer;
  #chunk: ChunkSealer | undefined;
  #size = 0;

  constructor(writer: DataFileWriter, key: Buffer) {
    this.#writer = writer;
    this.#key = key;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const room = CHUNK_BYTES - (this.#size % CHUNK_BYTES);
      const piece = bytes.subarray(at, at + room);
      this.#chunk ??= await this.#begin();
      await this.#writer.write(this.#chunk.update(piece));
      at += piece.length;
      this.#size += piece.length;
      if (piece.length === room) await this.#end(this.#chunk);
    }
  }

  async #begin(): Promise<ChunkSealer> {
    const index = Math.floor(this.#size / CHUNK_BYTES);
    const chunk = new ChunkSealer(this.#key, { file: this.#writer.id, index });
    await this.#writer.write(chunk.nonce);
    return chunk;
  }

  async #end(chunk: ChunkSealer): Promise<void> {
    this.#chunk = undefined;
    await this.#writer.write(chunk.tag());
  }

  /** As of `DataFileWriter`; the size is the plaintext's, the CRC that of the bytes on the disk. */
  async finish(): Promise<FileRef> {
    if (this.#size === 0) this.#chunk = await this.#begin();
    if (this.#chunk) await this.#end(this.#chunk);
    return { ...(await this.#writer.finish()), size: this.#size };
  }

  abandon(): Promise<void> {
    return this.#writer.abandon();
  }
}

/**
 * Plaintext bytes `start` to `end` of an encrypted file, both included; only
 * authenticated ones are given.
 * @throws HoldfastError `object.damaged`
 */
export async function* readEncrypted(
  files: DataFiles,
  file: FileRef,
  { key, start, end }: { readonly key: Buffer; readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor(end / CHUNK_BYTES);
  const range = {
    start: first * STORED_CHUNK_BYTES,
    end: Math.min((last + 1) * STORED_CHUNK_BYTES, storedBytes(file.size)) - 1,
  };
  // Used again for each block: the plaintext is a copy, and a reader that is slow holds one block and no more.
  const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, range.end - range.start + 1));
  let index = first;
  for await (const chunks of files.readInto(block, file.id, range)) {
    for (let at = 0; at < chunks.length; at += STORED_CHUNK_BYTES, index++) {
      const plaintext = openChunk(key, { file: file.id, index }, chunks.subarray(at, at + STORED_CHUNK_BYTES));
      const offset = index * CHUNK_BYTES;
      yield plaintext.subarray(Math.max(start - offset, 0), end - offset + 1);
    }
  }
}
