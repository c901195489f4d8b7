import { Worker } from 'node:worker_threads';
import type { Md5Answer, Md5Request } from './md5-worker.ts';

interface Waiting {
  readonly resolve: (digest: string | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread. Keeps the process alive only while it has bodies. */
export class Md5Thread {
  readonly #worker = new Worker(new URL('./md5-worker.ts', import.meta.url));
  readonly #bodies = new Map<number, Waiting | undefined>();
  #lastBody = 0;
  #error: Error | undefined;

  /** `onEnded`: it takes no more bodies. */
  constructor(onEnded: () => void) {
    this.#worker
      .on('message', ({ body, digest }: Md5Answer) => {
        const waiting = this.#bodies.get(body);
        if (waiting) this.#bodies.set(body, undefined);
        waiting?.resolve(digest);
      })
      .on('error', (error) => this.#fail(error as Error))
      .on('exit', (code) => {
        this.#fail(new Error(`the thread that computes MD5 ended with ${code}`));
        onEnded();
      })
      .unref();
  }

  /** Bodies that have begun and not ended. */
  get bodies(): number {
    return this.#bodies.size;
  }

  begin(): number {
    const body = ++this.#lastBody;
    this.#bodies.set(body, undefined);
    this.#worker.ref();
    return body;
  }

  /** Takes the memory of `bytes` over. Resolves when it is done with them; of a body, one at a time. */
  ask(request: Md5Request): Promise<string | undefined> {
    if (this.#error) return Promise.reject(this.#error);
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    this.#bodies.set(request.body, { resolve, reject });
    this.#worker.postMessage(request, request.bytes ? [request.bytes.buffer as ArrayBuffer] : []);
    return promise;
  }

  /** Of a body that may have got its digest or not. */
  end(body: number): void {
    if (!this.#bodies.delete(body)) return;
    this.#worker.postMessage({ body, end: 'forget' } satisfies Md5Request);
    if (this.#bodies.size === 0) this.#worker.unref();
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    for (const waiting of this.#bodies.values()) waiting?.reject(this.#error);
  }
}
