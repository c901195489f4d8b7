import type { ControlContext } from './context.ts';
import { Repeat } from './repeat.ts';

/** How soon an exit is noticed, ms. */
const POLL_MS = 250;

/** Notices exits soon, and ends what runs without a record. */
export class InstanceWatch {
  readonly #context: ControlContext;
  readonly #onChange: () => void;
  readonly #repeat: Repeat;
  #seen = '';

  constructor(context: ControlContext, onChange: () => void) {
    this.#context = context;
    this.#onChange = onChange;
    this.#repeat = new Repeat(context, { name: 'watching instances', intervalMs: POLL_MS, work: () => this.#look() });
  }

  start(): void {
    this.#repeat.start();
  }

  stop(): Promise<void> {
    return this.#repeat.stop();
  }

  async #look(): Promise<void> {
    const instances = await this.#context.drivers.services.list();
    const seen = instances.map(({ id, status }) => `${id} ${status}`).join('\n');
    if (seen === this.#seen) return;
    await this.#endStrays(instances.map(({ id }) => id));
    this.#seen = seen;
    this.#onChange();
  }

  /** Listed before the records are read: what is listed and was recorded is live, or has ended since. */
  async #endStrays(listed: readonly string[]): Promise<void> {
    const { state, drivers, log } = this.#context;
    const live = await state.instances.liveIds();
    for (const id of listed.filter((candidate) => !live.has(candidate))) {
      log.warn({ instance: id }, 'ending an instance that has no record');
      await drivers.services.stop(id, { graceMs: 0 });
      await drivers.services.remove(id);
    }
  }
}
