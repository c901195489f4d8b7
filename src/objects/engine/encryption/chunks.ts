import { createCipheriv, createDecipheriv } from 'node:crypto';
import { pooledRandomBytes } from '../../../core/random-pool.ts';
import { objectErrors } from '../../store/errors/object-errors.ts';

/**
 * Data under an object's key: chunks of AES-256-GCM (NIST SP 800-38D), each
 * nonce 12 · ciphertext · tag 16, so that a range reads and authenticates only what it touches.
 *
 * A nonce is random (section 8.2.2): no crash, clock or copied directory can make one come
 * again, and a key stays far below the 2^32 chunks that section 8.3 allows it. The place is
 * authenticated: a chunk opens only in its own file and at its own index. How many there
 * are and how long the last one is follows from the object's size, which its sealed key binds.
 */
const ALGORITHM = 'aes-256-gcm';
export const CHUNK_BYTES = 64 * 2 ** 10;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const EXTRA_BYTES = NONCE_BYTES + TAG_BYTES;
export const STORED_CHUNK_BYTES = CHUNK_BYTES + EXTRA_BYTES;

/** Where a chunk belongs. Inline data is chunk 0 of file 0, whatever its size. */
export interface ChunkPlace {
  readonly file: number;
  readonly index: number;
}

export const INLINE: ChunkPlace = { file: 0, index: 0 };

/** What `size` bytes take in a file. Nothing is a chunk, too: it can be authenticated. */
export function storedBytes(size: number): number {
  return size + Math.max(Math.ceil(size / CHUNK_BYTES), 1) * EXTRA_BYTES;
}

/** One chunk whose plaintext comes in pieces. */
export class ChunkSealer {
  readonly #cipher;
  readonly #nonce = pooledRandomBytes(NONCE_BYTES);

  constructor(key: Uint8Array, place: ChunkPlace) {
    this.#cipher = createCipheriv(ALGORITHM, key, this.#nonce).setAAD(placeBytes(place));
  }

  /** Goes before all else. */
  get nonce(): Buffer {
    return this.#nonce;
  }

  update(piece: Uint8Array): Buffer {
    return this.#cipher.update(piece);
  }

  /** Goes behind all else. */
  tag(): Buffer {
    this.#cipher.final();
    return this.#cipher.getAuthTag();
  }
}

/** `pieces` as one chunk, of any size. */
export function sealChunk(key: Buffer, place: ChunkPlace, pieces: readonly Uint8Array[]): Buffer {
  const sealer = new ChunkSealer(key, place);
  return Buffer.concat([sealer.nonce, ...pieces.map((piece) => sealer.update(piece)), sealer.tag()]);
}

/** @throws HoldfastError `object.damaged` when one bit is not as `sealChunk` made it */
export function openChunk(key: Uint8Array, place: ChunkPlace, chunk: Buffer): Buffer {
  if (chunk.length < EXTRA_BYTES) throw damaged(place);
  const tagStart = chunk.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, chunk.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(placeBytes(place))
    .setAuthTag(chunk.subarray(tagStart));
  const plaintext = decipher.update(chunk.subarray(NONCE_BYTES, tagStart));
  try {
    decipher.final();
  } catch {
    throw damaged(place);
  }
  return plaintext;
}

function damaged({ file, index }: ChunkPlace): Error {
  const what = file === INLINE.file ? 'an object in the journal' : `chunk ${index} of data file ${file.toString(16)}`;
  return objectErrors.damaged(what, 'is not what was encrypted');
}

function placeBytes({ file, index }: ChunkPlace): Buffer {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeBigUInt64BE(BigInt(file), 0);
  bytes.writeUInt32BE(index, 8);
  return bytes;
}
