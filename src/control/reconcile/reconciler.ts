import type { Planner } from '../plan/plan.ts';
import type { PurgePlanner } from '../plan/purge.ts';
import { AppLoop } from './app-loop.ts';
import type { ControlContext } from './context.ts';
import { InstanceWatch } from './instance-watch.ts';
import type { Situation } from './observe.ts';
import { StorageKeeper } from './storage-keeper.ts';

export interface Planners {
  readonly app: Planner;
  readonly purge: PurgePlanner;
}

/** One loop an app, and what is nobody's in particular: exits, strays, destroyed storage. */
export class Reconciler {
  readonly #context: ControlContext;
  readonly #planners: Planners;
  readonly #loops = new Map<string, AppLoop>();
  readonly #instances: InstanceWatch;
  readonly #storage: StorageKeeper;
  #running = false;

  constructor(context: ControlContext, planners: Planners) {
    this.#context = context;
    this.#planners = planners;
    this.#instances = new InstanceWatch(context, () => this.#wakeAll());
    this.#storage = new StorageKeeper(context, planners.purge);
  }

  async start(): Promise<void> {
    const { state, log, clock } = this.#context;
    const interrupted = await state.journal.closeInterrupted(clock.now());
    if (interrupted.length > 0)
      log.info({ steps: interrupted.map(({ action }) => action) }, 'continuing after a crash');
    this.#running = true;
    for (const { name } of await state.apps.list()) this.wake(name);
    this.#instances.start();
    this.#storage.start();
  }

  /** Actions under way end first. Instances go on. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all([
      ...[...this.#loops.values()].map((loop) => loop.stop()),
      this.#instances.stop(),
      this.#storage.stop(),
    ]);
  }

  /** Looks at the app now, whatever it was waiting for. */
  wake(app: string): void {
    if (!this.#running) return;
    const known = this.#loops.get(app);
    if (known) {
      known.wake();
      return;
    }
    const loop = new AppLoop(app, this.#context, this.#planners.app);
    this.#loops.set(app, loop);
    void loop.ended().then(() => this.#loopEnded(app));
  }

  wakeStorage(): void {
    this.#storage.wake();
  }

  /** How the app is, now; `undefined` when there is none. */
  async observe(app: string): Promise<Situation | undefined> {
    return this.#loops.get(app)?.observe();
  }

  /** Resolves when the app has been forgotten. */
  async gone(app: string): Promise<void> {
    await this.#loops.get(app)?.ended();
  }

  /** An app of the same name may have been made while the loop of the one before came to its end. */
  async #loopEnded(app: string): Promise<void> {
    this.#loops.delete(app);
    if (this.#running && (await this.#mayExist(app))) this.wake(app);
  }

  /** A state that cannot be read now is read again by a new loop, with its back-off. */
  async #mayExist(app: string): Promise<boolean> {
    try {
      return (await this.#context.state.apps.get(app)) !== undefined;
    } catch {
      return true;
    }
  }

  #wakeAll(): void {
    for (const loop of this.#loops.values()) loop.wake();
  }
}
