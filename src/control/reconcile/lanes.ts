import type { Clock } from '../../core/clock.ts';
import { HoldfastError } from '../../core/errors.ts';
import { type BackoffOptions, backoff } from '../../core/retry.ts';
import type { Action, PlannedAction } from '../plan/actions.ts';
import type { Trouble } from '../plan/situation.ts';

const RETRY: BackoffOptions = { initialMs: 200, maxMs: 10_000 };

interface Failing extends Trouble {
  readonly attempts: number;
  readonly retryAt: number;
}

export interface LanesOptions {
  readonly clock: Clock;
  readonly perform: (action: Action) => Promise<void>;
  /** A lane has ended, well or not. */
  readonly onEnd: (lane: string, error: HoldfastError | undefined) => void;
}

/**
 * Runs planned actions: those of one lane in order, lanes beside each other. An
 * action that fails ends its lane's run; the lane is tried again after a back-off.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #failing = new Map<string, Failing>();

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Lanes with work under way: a plan made from an observation during it would be stale for them. */
  busy(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  troubles(): ReadonlyMap<string, Trouble> {
    return this.#failing;
  }

  /** Begins all that is planned, except in lanes that are `stale`, busy or backing off. */
  run(planned: readonly PlannedAction[], stale: ReadonlySet<string>): void {
    const byLane = Map.groupBy(planned, ({ lane }) => lane);
    for (const lane of this.#failing.keys()) {
      if (!byLane.has(lane) && !this.#running.has(lane)) this.#failing.delete(lane);
    }
    const now = this.#options.clock.now();
    for (const [lane, steps] of byLane) {
      const waits = (this.#failing.get(lane)?.retryAt ?? 0) > now;
      if (waits || stale.has(lane) || this.#running.has(lane)) continue;
      this.#running.set(lane, this.#runLane(lane, steps));
    }
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #runLane(lane: string, steps: readonly PlannedAction[]): Promise<void> {
    let failure: HoldfastError | undefined;
    try {
      for (const { action } of steps) await this.#options.perform(action);
      this.#failing.delete(lane);
    } catch (error) {
      failure = HoldfastError.from(error);
      this.#noteFailure(lane, failure);
    }
    this.#running.delete(lane);
    this.#options.onEnd(lane, failure);
  }

  #noteFailure(lane: string, { message, hint, retryable }: HoldfastError): void {
    const now = this.#options.clock.now();
    const before = this.#failing.get(lane);
    const attempts = (before?.attempts ?? 0) + 1;
    this.#failing.set(lane, {
      message: hint === undefined ? message : `${message} (${hint})`,
      retryable,
      since: before?.since ?? now,
      attempts,
      retryAt: now + backoff(attempts, RETRY),
    });
  }
}
