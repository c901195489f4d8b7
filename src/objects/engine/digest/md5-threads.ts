import { availableParallelism } from 'node:os';
import { Md5Thread } from './md5-thread.ts';

/** One core is left to the event loop. */
const MAX_THREADS = Math.max(1, availableParallelism() - 1);
const IDLE_MS = 10_000;

/** Threads that compute MD5 beside the event loop: made when there is something to do, ended when there is not. */
export class Md5Threads {
  readonly #threads = new Set<Md5Thread>();
  readonly #idleMs: number;
  #idle: NodeJS.Timeout | undefined;

  constructor({ idleMs = IDLE_MS } = {}) {
    this.#idleMs = idleMs;
  }

  get size(): number {
    return this.#threads.size;
  }

  /** The one with the least to do. `release` must be called when the body is over. */
  take(): { readonly thread: Md5Thread; readonly body: number; readonly release: () => void } {
    clearTimeout(this.#idle);
    const [freest] = [...this.#threads].sort((a, b) => a.bodies - b.bodies);
    const thread = freest && (freest.bodies === 0 || this.size === MAX_THREADS) ? freest : this.#start();
    const body = thread.begin();
    const release = () => {
      thread.end(body);
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => void this.#endIdle(), this.#idleMs).unref();
    };
    return { thread, body, release };
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await Promise.all([...this.#threads].map((thread) => this.#end(thread)));
  }

  #start(): Md5Thread {
    const thread: Md5Thread = new Md5Thread(() => this.#threads.delete(thread));
    this.#threads.add(thread);
    return thread;
  }

  async #endIdle(): Promise<void> {
    await Promise.all([...this.#threads].filter(({ bodies }) => bodies === 0).map((thread) => this.#end(thread)));
  }

  #end(thread: Md5Thread): Promise<void> {
    this.#threads.delete(thread);
    return thread.close();
  }
}
