import { statfs } from 'node:fs/promises';
import { HoldfastError } from '../../core/errors.ts';

/** The store leaves this much to its index, which must grow a little even to remove. */
export const INDEX_ROOM_BYTES = 4 * 2 ** 20;

/** False where writing `bytes` more below `directory` would run out of space: spares the attempt. */
export async function hasRoomFor(directory: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= bytes;
}

/** Beyond this there is plenty: then what is left need not be asked for at each write. */
const PLENTY_BYTES = 256 * 2 ** 20;
const TRUSTED_MS = 100;

/** The space below one directory, for many writes. */
export class DiskRoom {
  readonly #directory: string;
  #left = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** As `hasRoomFor`. */
  async has(bytes: number): Promise<boolean> {
    const isRecent = performance.now() - this.#askedAt < TRUSTED_MS;
    if (!isRecent || this.#left < PLENTY_BYTES) await this.#ask();
    this.#left -= bytes;
    return this.#left >= 0;
  }

  async #ask(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#directory);
    this.#left = bavail * bsize;
    this.#askedAt = performance.now();
  }
}

/** As the system would have said it. */
export function diskFull(path: string): HoldfastError {
  return HoldfastError.from(Object.assign(new Error('no space left on device'), { code: 'ENOSPC', path }));
}
