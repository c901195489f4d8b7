import { setTimeout as sleep } from 'node:timers/promises';
import type { TestPlatform } from './test-platform.ts';

export interface LoadResult {
  readonly requests: number;
  /** Everything that was not answered as it should be. */
  readonly failures: readonly string[];
  /** Path → content of each acknowledged upload. */
  readonly uploads: ReadonlyMap<string, string>;
  readonly slowestMs: number;
}

export interface LoadOptions {
  readonly platform: TestPlatform;
  readonly host: string;
  /** `/data` and the like: uploads go to `<place>/<name>`. */
  readonly places: readonly string[];
  readonly clients?: number;
  readonly prefix?: string;
}

/** Clients that upload and read back at a steady rate until stopped. */
export class SteadyLoad {
  readonly #options: LoadOptions;
  readonly #uploads = new Map<string, string>();
  readonly #failures: string[] = [];
  readonly #clients: Promise<void>[];
  #requests = 0;
  #slowest = 0;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#clients = Array.from({ length: options.clients ?? 4 }, (_, client) => this.#client(client));
  }

  /** Resolves once `count` more requests have been answered. */
  async answered(count: number): Promise<void> {
    const goal = this.#requests + count;
    while (this.#requests < goal) await sleep(5);
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    return { requests: this.#requests, failures: this.#failures, uploads: this.#uploads, slowestMs: this.#slowest };
  }

  async #client(client: number): Promise<void> {
    const { places, prefix = 'load' } = this.#options;
    for (let n = 0; !this.#stopped; n++) {
      const path = `${places[n % places.length]}/${prefix}-${client}-${n}`;
      const content = `content of ${path}`;
      if (await this.#expect('PUT', path, { status: 201, body: content })) {
        this.#uploads.set(path, content);
        await this.#expect('GET', path, { status: 200, answer: content });
      }
      await sleep(10);
    }
  }

  async #expect(
    method: string,
    path: string,
    { status, body, answer }: { status: number; body?: string; answer?: string },
  ): Promise<boolean> {
    const { platform, host } = this.#options;
    const startedAt = performance.now();
    try {
      const got = await platform.http(host, path, { method, ...(body ? { body } : {}) });
      const right = got.status === status && (answer === undefined || got.body.toString() === answer);
      if (!right) this.#failures.push(`${method} ${path}: ${got.status} ${got.body.toString().slice(0, 200)}`);
      return right;
    } catch (error) {
      this.#failures.push(`${method} ${path}: ${error instanceof Error ? error.message : error}`);
      return false;
    } finally {
      this.#requests++;
      this.#slowest = Math.max(this.#slowest, performance.now() - startedAt);
    }
  }
}
