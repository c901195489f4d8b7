import { createHash } from 'node:crypto';
import type { Md5Thread } from './md5-thread.ts';
import type { Md5Threads } from './md5-threads.ts';

/** The MD5 of one body. Keeps none of the bytes that it is given. */
export interface BodyMd5 {
  /** A promise where the caller has to wait, so that no more than two blocks are on their way. */
  update(bytes: Uint8Array): Promise<void> | undefined;
  /** In hex. */
  digest(): Promise<string>;
  /** Must be called when the body is over, whatever became of it. */
  release(): void;
}

/** From here on the hand-over costs less than it saves. */
export const THREADED_BYTES = 2 ** 20;
const BLOCK_BYTES = 256 * 2 ** 10;

/** @param size where it is known beforehand */
export function bodyMd5(threads: Md5Threads, size: number | undefined): BodyMd5 {
  return size !== undefined && size >= THREADED_BYTES ? new ThreadedMd5(threads) : localMd5();
}

function localMd5(): BodyMd5 {
  const hash = createHash('md5');
  return {
    update: (bytes) => {
      hash.update(bytes);
      return undefined;
    },
    digest: async () => hash.digest('hex'),
    release() {},
  };
}

/** One block is computed while the next one gathers. */
class ThreadedMd5 implements BodyMd5 {
  readonly #thread: Md5Thread;
  readonly #body: number;
  readonly release: () => void;
  #block: Buffer | undefined;
  #filled = 0;
  #computing: Promise<unknown> = Promise.resolve();

  constructor(threads: Md5Threads) {
    const { thread, body, release } = threads.take();
    this.#thread = thread;
    this.#body = body;
    this.release = release;
  }

  /** A full block stays until more follows, so that the last one goes with the question for the digest. */
  update(bytes: Uint8Array): Promise<void> | undefined {
    const room = BLOCK_BYTES - this.#filled;
    this.#gather(bytes.subarray(0, room));
    return bytes.length <= room ? undefined : this.#pass(bytes.subarray(room));
  }

  #gather(bytes: Uint8Array): void {
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#block.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  async #pass(rest: Uint8Array): Promise<void> {
    await this.#computing;
    this.#computing = this.#send();
    this.#computing.catch(() => {}); // the next to wait for it is told
    await this.update(rest);
  }

  #send(end?: 'digest'): Promise<string | undefined> {
    const bytes = this.#block?.subarray(0, this.#filled);
    this.#block = undefined;
    this.#filled = 0;
    return this.#thread.ask({ body: this.#body, bytes, end });
  }

  async digest(): Promise<string> {
    await this.#computing;
    const digest = await this.#send('digest');
    if (digest === undefined) throw new Error('MD5 was asked for and not told');
    return digest;
  }
}
