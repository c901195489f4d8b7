import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import { isDiskError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import type { ScrubPass, ScrubReport } from './scrub-report.ts';
import { findSetAside } from './set-aside.ts';

export interface ScrubberOptions {
  readonly store: Pick<OpenObjectStore, 'checkIntegrity'>;
  /** Where it notes how far it is. */
  readonly directory: string;
  readonly log: Logger;
  readonly clock?: Clock | undefined;
  /** From the end of one pass to the next, milliseconds. */
  readonly everyMs?: number | undefined;
  /** So that it leaves the disk to those who wait for it. */
  readonly bytesPerSecond?: number | undefined;
}

interface Progress extends ScrubReport {
  /** Before the first pass: when the waiting for it began. */
  readonly since?: number | undefined;
  /** Where the current pass goes on. */
  readonly next?: string | undefined;
}

const WEEK_MS = 7 * 24 * 3600_000;
const BYTES_PER_SECOND = 32 * 2 ** 20;
const PAGE_BYTES = 16 * 2 ** 20;
const RETRY_MS = 60_000;
const LISTED_DAMAGE = 1000;

/**
 * Reads everything that is stored again and again, slowly: a disk does not tell by itself what it has
 * lost, and damage is best found while there is a copy elsewhere. It goes on where it was after a restart.
 */
export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #clock: Clock;
  readonly #path: string;
  readonly #closing = new AbortController();
  #progress: Progress;
  #wake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(options: ScrubberOptions, path: string, progress: Progress) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#path = path;
    this.#progress = progress;
  }

  static async start(options: ScrubberOptions): Promise<Scrubber> {
    const path = join(options.directory, 'scrub.json');
    const known = await readProgress(path, options.log);
    const scrubber = new Scrubber(options, path, known ?? {});
    if (!known) await scrubber.#save({ since: scrubber.#clock.now() });
    scrubber.#running = scrubber.#run();
    return scrubber;
  }

  /** What other damage has left behind. */
  setAside(): Promise<readonly string[]> {
    return findSetAside(this.#options.directory);
  }

  report(): ScrubReport {
    const { current, last } = this.#progress;
    return { current, last };
  }

  /** A pass begins now, unless one is under way. */
  begin(): void {
    if (this.#progress.current) return;
    this.#beginPass();
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      if (!this.#progress.current) await this.#untilDue();
      if (this.#isClosing) return;
      try {
        await this.#page();
      } catch (error) {
        if (this.#isClosing) return;
        this.#options.log.error({ err: error }, 'the check of what is stored could not go on; it is tried again');
        await this.#pause(RETRY_MS);
      }
    }
  }

  async #untilDue(): Promise<void> {
    const { everyMs = WEEK_MS } = this.#options;
    const { last, since } = this.#progress;
    const due = (last?.finishedAt ?? since ?? this.#clock.now()) + everyMs;
    this.#wake = new AbortController();
    await this.#pause(Math.max(0, due - this.#clock.now()), this.#wake.signal);
  }

  /** It is told of from now on: the first page alone may take long. */
  #beginPass(): ScrubPass {
    const current = { startedAt: this.#clock.now(), objects: 0, bytes: 0, damaged: [], damagedCount: 0 };
    this.#progress = { current, last: this.#progress.last };
    return current;
  }

  async #page(): Promise<void> {
    const { store, bytesPerSecond = BYTES_PER_SECOND } = this.#options;
    const { current = this.#beginPass(), last, next: after } = this.#progress;
    const { next, ...page } = await store.checkIntegrity({ after, maxBytes: PAGE_BYTES });
    for (const damage of page.damaged) this.#options.log.error(damage, 'a stored object is damaged');
    const pass: ScrubPass = {
      ...current,
      objects: current.objects + page.objects,
      bytes: current.bytes + page.bytes,
      damaged: [...current.damaged, ...page.damaged].slice(0, LISTED_DAMAGE),
      damagedCount: current.damagedCount + page.damaged.length,
    };
    if (next === undefined) await this.#save({ last: { ...pass, finishedAt: this.#clock.now() } });
    else {
      await this.#save({ current: pass, last, next });
      await this.#pause((page.bytes / bytesPerSecond) * 1000);
    }
  }

  /** What cannot be written (full disk) is only lost with the process: a pass goes on from an earlier place. */
  async #save(progress: Progress): Promise<void> {
    this.#progress = progress;
    try {
      await writeFileDurable(this.#path, JSON.stringify(progress));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'how far the check of what is stored is cannot be written');
    }
  }

  /** Until then, or until it is woken or closes. */
  async #pause(ms: number, wake?: AbortSignal): Promise<void> {
    const closing = this.#closing.signal;
    const signal = wake ? AbortSignal.any([closing, wake]) : closing;
    await this.#clock.sleep(ms, { signal }).catch(() => {});
  }
}

/** A damaged note is none: what it is about is read anew, and objects are served meanwhile. */
async function readProgress(path: string, log: Logger): Promise<Progress | undefined> {
  try {
    const progress = await readJsonFile<Progress>(path);
    if (progress && !(isPass(progress.current) && isPass(progress.last))) throw new SyntaxError(`${path} is damaged`);
    return progress;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isDiskError(error)) throw error;
    log.error({ err: error }, 'how far the check of what is stored was is lost: it begins anew');
    return undefined;
  }
}

function isPass(pass: Partial<ScrubPass> | undefined): boolean {
  if (pass === undefined) return true;
  const { objects, bytes, damagedCount, startedAt, damaged } = pass;
  return [objects, bytes, damagedCount, startedAt].every(Number.isFinite) && Array.isArray(damaged);
}
