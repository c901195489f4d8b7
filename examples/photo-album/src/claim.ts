import { randomUUID } from 'node:crypto';
import { type Storage, StorageError } from '@holdfast/storage';

/** Web asks for a thumbnail. */
export interface Job {
  /** Of the picture in the bucket `images`. */
  readonly key: string;
  /** How often a worker has begun it and not said how it ended; more than a few times means that it kills workers. */
  readonly attempts: number;
  /** Whose it is, until when in ms since 1970. */
  readonly claim?: { readonly by: string; readonly until: number };
}

interface ClaimOptions {
  readonly name: string;
  readonly job: Job;
  readonly etag: string;
  readonly claimMs: number;
}

/** A job that is ours while this process lives, or until `complete` or `release`. */
export class Claim {
  /** As it was found. */
  readonly job: Job;
  readonly #storage: Storage;
  readonly #name: string;
  readonly #claimMs: number;
  readonly #by = randomUUID();
  #attempts: number;
  /** What nobody but us has written; `undefined` when somebody has. */
  #etag: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(storage: Storage, { name, job, etag, claimMs }: ClaimOptions) {
    this.job = job;
    this.#storage = storage;
    this.#name = name;
    this.#claimMs = claimMs;
    this.#attempts = job.attempts;
    this.#etag = etag;
  }

  /** `undefined` when somebody else was faster. */
  static async take(storage: Storage, options: ClaimOptions): Promise<Claim | undefined> {
    const claim = new Claim(storage, options);
    if (!(await claim.#renew())) return undefined;
    claim.#timer = setInterval(() => {
      claim.#renew().catch((error) => console.error(`claim of ${options.name} not renewed:`, error));
    }, options.claimMs / 3);
    return claim;
  }

  /** Counts an attempt, before what may end this process. False: the claim was over, and the job is another's. */
  beginAttempt(): Promise<boolean> {
    this.#attempts = this.job.attempts + 1;
    return this.#renew();
  }

  /** If this process ends now, it is not the job that has ended it. */
  async takeBackAttempt(): Promise<void> {
    this.#attempts = this.job.attempts;
    await this.#renew();
  }

  /** The job is done. */
  async complete(): Promise<void> {
    await this.#change((ifMatch) => this.#storage.remove(this.#name, { ifMatch }).then(() => undefined));
  }

  /** The job is the next one's, as we have found it. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const { key, attempts } = this.job;
    await this.#change((ifMatch) => this.#write({ key, attempts }, ifMatch));
  }

  #renew(): Promise<boolean> {
    return this.#change((ifMatch) => {
      const claim = { by: this.#by, until: Date.now() + this.#claimMs };
      return this.#write({ key: this.job.key, attempts: this.#attempts, claim }, ifMatch);
    });
  }

  async #write(job: Job, ifMatch: string): Promise<string> {
    return (await this.#storage.put(this.#name, JSON.stringify(job), { ifMatch })).etag;
  }

  /** One change after the other, as each has the condition that the one before it is the last. */
  #change(change: (ifMatch: string) => Promise<string | undefined>): Promise<boolean> {
    const changed = this.#last.then(async () => {
      if (this.#etag === undefined) return false;
      this.#etag = await change(this.#etag).catch(unlessRefused);
      if (this.#etag === undefined) clearInterval(this.#timer);
      return this.#etag !== undefined;
    });
    this.#last = changed.catch(() => {});
    return changed;
  }
}

/** The condition of a write does not hold: another one was faster. */
export function unlessRefused(error: unknown): undefined {
  const refused = error instanceof StorageError && ['PreconditionFailed', 'NoSuchKey'].includes(error.code);
  if (!refused) throw error;
}
