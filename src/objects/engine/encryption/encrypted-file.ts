import { objectErrors } from '../../store/errors/object-errors.ts';
import type { FileRef } from '../catalog/version.ts';
import type { DataFiles, DataFileWriter } from '../data-files.ts';
import { CHUNK_BYTES, ChunkSealer, openChunk, STORED_CHUNK_BYTES, storedBytes } from './chunks.ts';

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
  const stored = { id: file.id, size: storedBytes(file.size) }; // the tags say more than the CRC
  const first = Math.floor(start / CHUNK_BYTES);
  const last = Math.floor(end / CHUNK_BYTES);
  const lastByte = Math.min((last + 1) * STORED_CHUNK_BYTES, stored.size) - 1;
  let index = first;
  for await (const chunk of chunksOf(files.read(stored, first * STORED_CHUNK_BYTES, lastByte))) {
    const plaintext = openChunk(key, { file: file.id, index }, chunk);
    const at = index * CHUNK_BYTES;
    index++;
    yield plaintext.subarray(Math.max(start - at, 0), end - at + 1);
  }
  if (index !== last + 1) throw objectErrors.damaged(`data file ${file.id.toString(16)}`, 'is too short');
}

/** Cuts blocks into stored chunks; the last may be shorter. Chunks that a block holds whole are not copied. */
async function* chunksOf(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of blocks) {
    let bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    if (rest.length > 0) bytes = Buffer.concat([rest, bytes]);
    let at = 0;
    for (; at + STORED_CHUNK_BYTES <= bytes.length; at += STORED_CHUNK_BYTES) {
      yield bytes.subarray(at, at + STORED_CHUNK_BYTES);
    }
    rest = bytes.subarray(at);
  }
  if (rest.length > 0) yield rest;
}
