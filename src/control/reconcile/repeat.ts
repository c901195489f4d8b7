import { backoff } from '../../core/retry.ts';
import type { ControlContext } from './context.ts';
import { WakeSignal } from './wake-signal.ts';

/** Does `work` again and again, `intervalMs` apart or when woken; a failure is logged and tried again later. */
export class Repeat {
  readonly #context: Pick<ControlContext, 'clock' | 'log'>;
  readonly #name: string;
  readonly #intervalMs: number;
  readonly #work: () => Promise<void>;
  readonly #signal: WakeSignal;
  #done: Promise<void> | undefined;
  #stopped = false;

  constructor(
    context: Pick<ControlContext, 'clock' | 'log'>,
    options: { readonly name: string; readonly intervalMs: number; readonly work: () => Promise<void> },
  ) {
    this.#context = context;
    this.#name = options.name;
    this.#intervalMs = options.intervalMs;
    this.#work = options.work;
    this.#signal = new WakeSignal(context.clock);
  }

  start(): void {
    this.#done ??= this.#run();
  }

  wake(): void {
    this.#signal.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      try {
        await this.#work();
        failures = 0;
      } catch (error) {
        failures++;
        this.#context.log.warn({ err: error, failures }, `${this.#name} failed; trying again`);
      }
      if (this.#stopped) return;
      await this.#signal.wait(failures === 0 ? this.#intervalMs : backoff(failures, { initialMs: 500, maxMs: 30_000 }));
    }
  }
}
