import { giveBack, own } from '../../../core/owned-bytes.ts';
import type { StoredFile } from '../../store/stored-body.ts';
import type { FileRef } from '../catalog/version.ts';
import type { DataFileReader } from '../files/data-file-reader.ts';
import type { DataFileWriter } from '../files/data-file-writer.ts';
import { CHUNK_BYTES, type ChunkPlace, ChunkSealer, openChunk, STORED_CHUNK_BYTES, storedBytes } from './chunks.ts';

/** Writes a data file whose bytes are encrypted as they come. */
export class EncryptedFileWriter {
  readonly #writer: DataFileWriter;
  readonly #key: Uint8Array;
  #chunk: ChunkSealer | undefined;
  #size = 0;

  constructor(writer: DataFileWriter, key: Uint8Array) {
    this.#writer = writer;
    this.#key = key;
  }

  /** Takes the bytes over. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const room = CHUNK_BYTES - (this.#size % CHUNK_BYTES);
      const piece = bytes.subarray(at, at + room);
      this.#chunk ??= await this.#begin();
      await this.#writer.write(own(this.#chunk.update(piece)));
      at += piece.length;
      this.#size += piece.length;
      if (piece.length === room) await this.#end(this.#chunk);
    }
    giveBack(bytes);
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
}

/**
 * Plaintext bytes `start` to `end` of an encrypted file, both included; only
 * authenticated ones are given.
 * @throws HoldfastError `object.damaged`
 */
export async function* readEncrypted(
  files: DataFileReader,
  file: StoredFile,
  { key, start, end }: { readonly key: Uint8Array; readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor(end / CHUNK_BYTES);
  const range = {
    start: first * STORED_CHUNK_BYTES,
    end: Math.min((last + 1) * STORED_CHUNK_BYTES, storedBytes(file.size)) - 1,
  };
  let index = first;
  for await (const block of files.readBlocks(file.id, range)) {
    const offset = index * CHUNK_BYTES;
    const size = openBlock(block, key, { file: file.id, index });
    index += Math.ceil(block.length / STORED_CHUNK_BYTES);
    yield own(block.subarray(Math.max(start - offset, 0), Math.min(end - offset + 1, size)));
  }
}

/** Decrypts in place: one block a reader, whatever its size. @returns the bytes of plaintext that `block` begins with */
function openBlock(block: Buffer, key: Uint8Array, { file, index }: ChunkPlace): number {
  let size = 0;
  for (let at = 0, i = index; at < block.length; at += STORED_CHUNK_BYTES, i++) {
    const plaintext = openChunk(key, { file, index: i }, block.subarray(at, at + STORED_CHUNK_BYTES));
    size += plaintext.copy(block, size);
    giveBack(own(plaintext));
  }
  return size;
}
