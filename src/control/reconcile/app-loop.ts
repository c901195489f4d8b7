import type { HoldfastError } from '../../core/errors.ts';
import { backoff } from '../../core/retry.ts';
import type { Planner } from '../plan/plan.ts';
import type { ControlContext } from './context.ts';
import { HealthMonitor } from './health-monitor.ts';
import { Lanes } from './lanes.ts';
import { Observer, type Situation } from './observe.ts';
import { perform } from './perform.ts';
import { WakeSignal } from './wake-signal.ts';

/** Longest time until the next look, ms; events make it shorter. */
const DRAINING_MS = 100;
const MOVING_MS = 250;
const SETTLED_MS = 5000;

/** Events that come together are one reason to look, and no mistake can make the loop spin, ms. */
const GATHER_MS = 2;

/** Observe, plan, act, for one app: another app's slow build or broken driver does not reach it. */
export class AppLoop {
  readonly #app: string;
  readonly #context: ControlContext;
  readonly #planner: Planner;
  readonly #signal: WakeSignal;
  readonly #health: HealthMonitor;
  readonly #lanes: Lanes;
  readonly #observer: Observer;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(app: string, context: ControlContext, planner: Planner) {
    const { clock, drivers, state } = context;
    this.#app = app;
    this.#context = context;
    this.#planner = planner;
    this.#signal = new WakeSignal(clock);
    this.#health = new HealthMonitor({ driver: drivers.services, clock, onChange: () => this.wake() });
    this.#lanes = new Lanes({
      clock,
      perform: (action) => perform(context, app, action),
      onEnd: (lane, error) => this.#laneEnded(lane, error),
    });
    this.#observer = new Observer({
      app,
      state,
      drivers,
      health: (instance) => this.#health.health(instance),
      troubles: () => this.#lanes.troubles(),
    });
    this.#done = this.#run();
  }

  wake(): void {
    this.#signal.wake();
  }

  /** Looks without acting. */
  observe(): Promise<Situation | undefined> {
    return this.#observer.observe();
  }

  /** Resolves when the app is no more, or the loop was stopped; actions under way have ended then. */
  ended(): Promise<void> {
    return this.#done;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stopped; ) {
      try {
        const pause = await this.#pass();
        if (pause === undefined) break;
        failures = 0;
        await this.#signal.wait(pause);
        await this.#context.clock.sleep(GATHER_MS);
      } catch (error) {
        failures++;
        this.#context.log.warn({ app: this.#app, err: error, failures }, 'cannot look at the app; trying again');
        await this.#signal.wait(backoff(failures, { initialMs: 250, maxMs: 5000 }));
      }
    }
    this.#health.stop();
    await this.#lanes.idle();
  }

  /** Gives the time until the next pass; `undefined`: there is no such app. */
  async #pass(): Promise<number | undefined> {
    const stale = this.#lanes.busy();
    const situation = await this.#observer.observe();
    if (!situation) return undefined;
    const { desired } = situation;
    // What the edge has let go of can have requests again in a moment, by a change of the routes that is on its way.
    const observed = stale.has('routes') ? { ...situation.observed, edge: null } : situation.observed;
    this.#health.watch(
      observed.instances
        .filter(({ phase, process }) => process === 'running' && (phase === 'starting' || phase === 'active'))
        .map(({ id, spec }) => ({ id, check: spec.healthCheck })),
    );
    const planned = this.#planner(desired, observed, this.#context.clock.now());
    if (!this.#stopped) this.#lanes.run(planned, stale);
    if (observed.instances.some(({ phase }) => phase === 'draining')) return DRAINING_MS;
    return planned.length === 0 && isSettled(situation, this.#context.clock.now()) ? SETTLED_MS : MOVING_MS;
  }

  #laneEnded(lane: string, error: HoldfastError | undefined): void {
    if (error) {
      const { code, message } = error;
      this.#context.log.warn({ app: this.#app, lane, code, reason: message }, 'an action failed; it is tried again');
    }
    this.wake();
  }
}

/** Nothing is on its way, so nothing will change without an event. */
function isSettled({ desired, observed }: Situation, now: number): boolean {
  return (
    desired.deployment === null &&
    observed.instances.every(({ phase, health }) => phase === 'active' && health.state === 'healthy') &&
    observed.slots.every(({ retryAt }) => retryAt <= now)
  );
}
