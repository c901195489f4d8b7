import type { Clock } from '../../core/clock.ts';
import type { HealthProbe, HealthResult, ServiceDriver } from '../../services/service-driver.ts';
import type { HealthCheckSpec } from '../../spec/app-spec.ts';
import type { Health } from '../plan/situation.ts';

/** Between probes until it is known how an instance is, ms. */
const FIRST_PROBES_MS = 100;

/** Probes that fail in a row until a healthy instance counts as unhealthy. */
const FAILURES = 3;

export interface WatchedInstance {
  readonly id: string;
  readonly check: HealthCheckSpec;
}

interface Watch {
  readonly controller: AbortController;
  health: Health;
}

/**
 * Probes the instances of one app: fast until the first answer is good, then at the
 * check's interval. A new instance is `unknown` until it has been healthy once.
 */
export class HealthMonitor {
  readonly #driver: ServiceDriver;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #watches = new Map<string, Watch>();

  constructor(options: { readonly driver: ServiceDriver; readonly clock: Clock; readonly onChange: () => void }) {
    this.#driver = options.driver;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
  }

  /** Watches these and no others. */
  watch(instances: readonly WatchedInstance[]): void {
    const wanted = new Set(instances.map(({ id }) => id));
    for (const [id, { controller }] of this.#watches) {
      if (wanted.has(id)) continue;
      controller.abort();
      this.#watches.delete(id);
    }
    for (const instance of instances) {
      if (!this.#watches.has(instance.id)) this.#begin(instance);
    }
  }

  health(id: string): Health {
    return this.#watches.get(id)?.health ?? { state: 'unknown', reason: '', since: 0 };
  }

  stop(): void {
    this.watch([]);
  }

  #begin({ id, check }: WatchedInstance): void {
    const watch: Watch = {
      controller: new AbortController(),
      health: { state: 'unknown', reason: '', since: this.#clock.now() },
    };
    this.#watches.set(id, watch);
    const { signal } = watch.controller;
    this.#probe(id, { check, watch }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async #probe(id: string, { check, watch }: { readonly check: HealthCheckSpec; readonly watch: Watch }) {
    const { signal } = watch.controller;
    const probe: HealthProbe = { ...check.probe, timeoutMs: check.timeoutMs };
    let failures = 0;
    while (!signal.aborted) {
      const result = await this.#ask(id, probe);
      if (signal.aborted) return;
      failures = result.healthy ? 0 : failures + 1;
      this.#note(watch, result, failures);
      const pause = watch.health.state === 'unknown' ? FIRST_PROBES_MS : check.intervalMs;
      await this.#clock.sleep(pause, { signal });
    }
  }

  /** A driver that cannot probe now is no proof that the instance is well. */
  async #ask(id: string, probe: HealthProbe): Promise<HealthResult> {
    try {
      return await this.#driver.probe(id, probe);
    } catch (error) {
      return { healthy: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #note(watch: Watch, { healthy, reason = 'the health check failed' }: HealthResult, failures: number): void {
    const { state, since } = watch.health;
    const now = this.#clock.now();
    if (healthy) {
      if (state !== 'healthy') watch.health = { state: 'healthy', reason: '', since: now };
    } else if (state === 'healthy' && failures >= FAILURES) {
      watch.health = { state: 'unhealthy', reason, since: now };
    } else if (state !== 'healthy') {
      watch.health = { state, reason, since };
    }
    if (watch.health.state !== state) this.#onChange();
  }
}
