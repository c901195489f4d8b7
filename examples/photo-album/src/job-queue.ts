import type { Storage } from '@holdfast/storage';
import { Claim, type Job, unlessRefused } from './claim.ts';

const SUFFIX = '.json';

/**
 * Jobs for any number of workers: an object each, which is there until the job is done, so that it is done at least
 * once. A worker claims a job by a write on the condition that nobody has written since it read (`If-Match`): of
 * several workers one succeeds. A claim that its worker does not renew ends by itself, and the job is the next one's.
 *
 * One worker for a job is the rule and no promise: a worker may stand still for longer than its claim, or its clock be
 * wrong by so much. So a job must come out right also when two workers do it.
 */
export class JobQueue {
  readonly #storage: Storage;
  readonly #claimMs: number;

  /** @param options.claimMs how long a job is lost for the others when its worker has ended */
  constructor(storage: Storage, { claimMs }: { readonly claimMs: number }) {
    this.#storage = storage;
    this.#claimMs = claimMs;
  }

  /** Durable when it resolves. A job that is there already stays as it is. */
  async add(id: string, key: string): Promise<void> {
    const job: Job = { key, attempts: 0 };
    await this.#storage.put(id + SUFFIX, JSON.stringify(job), { ifNoneMatch: '*' }).catch(unlessRefused);
  }

  /** Whoever has claimed it. */
  async remove(id: string): Promise<void> {
    await this.#storage.remove(id + SUFFIX);
  }

  /** Ids of what is to do, claimed or not; the oldest first, as ids sort by time. */
  async *pending(signal?: AbortSignal): AsyncGenerator<string, void, void> {
    for await (const { key } of this.#storage.list({ signal })) yield key.slice(0, -SUFFIX.length);
  }

  /** `undefined` when the job is done, or another worker's. */
  async claim(id: string): Promise<Claim | undefined> {
    const name = id + SUFFIX;
    const found = await this.#storage.get(name);
    if (found === null) return undefined;
    const job: Job = JSON.parse(found.body.toString());
    if (job.claim !== undefined && job.claim.until > Date.now()) return undefined;
    return Claim.take(this.#storage, { name, job, etag: found.etag, claimMs: this.#claimMs });
  }
}
