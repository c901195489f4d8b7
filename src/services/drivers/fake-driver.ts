import { type Clock, systemClock } from '../../core/clock.ts';
import { HoldfastError } from '../../core/errors.ts';
import type {
  HealthProbe,
  HealthResult,
  InstanceSpec,
  LogOptions,
  ObservedInstance,
  ServiceDriver,
} from '../service-driver.ts';

/** What an instance of the fake does; times count from its start on the driver's clock. */
export interface FakeBehaviour {
  /** `start` throws it and leaves nothing. */
  readonly startError?: HoldfastError | undefined;
  /** How long `start` takes. */
  readonly startMs?: number | undefined;
  /** It listens and is well from then on. */
  readonly readyMs?: number | undefined;
  /** Overrides the answer to every probe but `running`, once it is ready. */
  readonly health?: ((sinceStartMs: number) => HealthResult) | undefined;
  readonly exit?: { readonly afterMs: number; readonly code: number | null } | undefined;
  /** From SIGTERM to its end with code 0; `Infinity` ignores the signal. */
  readonly stopMs?: number | undefined;
  readonly output?: readonly string[] | undefined;
}

export interface FakeDriverOptions {
  readonly clock?: Clock | undefined;
  /** Asked once for each start. */
  readonly behave?: ((spec: InstanceSpec) => FakeBehaviour) | undefined;
}

interface FakeInstance {
  readonly spec: InstanceSpec;
  readonly behaviour: FakeBehaviour;
  readonly startedAt: number;
  readonly port: number | undefined;
  ended: { readonly at: number; readonly code: number | null } | undefined;
}

const FOLLOW_INTERVAL_MS = 20;

/**
 * A ServiceDriver without processes, for simulations: state follows from the
 * clock and the behaviours alone. It stands for the machine, so it outlives the
 * control plane that a simulation crashes.
 */
export class FakeServiceDriver implements ServiceDriver {
  readonly name = 'fake';
  readonly capabilities = { isolation: true, absoluteMounts: true, limits: true } as const;
  readonly #clock: Clock;
  readonly #behave: (spec: InstanceSpec) => FakeBehaviour;
  readonly #instances = new Map<string, FakeInstance>();
  readonly #starting = new Map<string, Promise<void>>();
  readonly #output = new Map<string, string[]>();
  #nextPort = 20_000;

  constructor({ clock = systemClock, behave = () => ({}) }: FakeDriverOptions = {}) {
    this.#clock = clock;
    this.#behave = behave;
  }

  start(spec: InstanceSpec): Promise<void> {
    const known = this.#starting.get(spec.id);
    if (known) return known;
    if (this.#instances.has(spec.id)) return Promise.resolve();
    const starting = this.#start(spec).finally(() => this.#starting.delete(spec.id));
    this.#starting.set(spec.id, starting);
    return starting;
  }

  async stop(id: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    await this.#starting.get(id)?.catch(() => {});
    const instance = this.#instances.get(id);
    if (!instance || this.#end(instance)) return;
    const { stopMs = 0 } = instance.behaviour;
    await this.#clock.sleep(Math.min(stopMs, graceMs));
    instance.ended = this.#end(instance) ?? { at: this.#clock.now(), code: stopMs <= graceMs ? 0 : null };
  }

  async remove(id: string): Promise<void> {
    const instance = this.#instances.get(id);
    if (!instance) return;
    if (!this.#end(instance)) {
      throw new HoldfastError({ code: 'instance.running', kind: 'conflict', message: `instance ${id} is running` });
    }
    this.#instances.delete(id);
  }

  async list(): Promise<readonly ObservedInstance[]> {
    return [...this.#instances.values()].map((instance) => {
      const { spec, startedAt, port } = instance;
      const end = this.#end(instance);
      if (end) return { id: spec.id, status: 'exited', startedAt, exitCode: end.code };
      return { id: spec.id, status: 'running', startedAt, address: port ? { host: '127.0.0.1', port } : undefined };
    });
  }

  async probe(id: string, probe: HealthProbe): Promise<HealthResult> {
    const instance = this.#instances.get(id);
    if (!instance) return { healthy: false, reason: 'there is no such instance' };
    const end = this.#end(instance);
    if (end) return { healthy: false, reason: `the instance ended with exit code ${end.code}` };
    if (probe.kind === 'running') return { healthy: true };
    const { readyMs = 0, health } = instance.behaviour;
    const since = this.#clock.now() - instance.startedAt;
    if (since < readyMs) return { healthy: false, reason: 'connection refused' };
    return health?.(since) ?? { healthy: true };
  }

  async *logs(id: string, { tail, follow, signal }: LogOptions = {}): AsyncIterable<string> {
    const output = this.#output.get(id) ?? [];
    let next = Math.max(0, output.length - (tail ?? output.length));
    for (;;) {
      for (; next < output.length; next++) yield output[next] ?? '';
      if (!follow || signal?.aborted) return;
      await this.#clock.sleep(FOLLOW_INTERVAL_MS, { signal }).catch(() => {});
    }
  }

  /** Ends an instance as the machine would: a crash, the OOM killer. */
  crash(id: string, code: number | null = null): void {
    const instance = this.#instances.get(id);
    if (instance && !this.#end(instance)) instance.ended = { at: this.#clock.now(), code };
  }

  /** A line of output. */
  write(id: string, line: string): void {
    this.#output.get(id)?.push(line);
  }

  async #start(spec: InstanceSpec): Promise<void> {
    const behaviour = this.#behave(spec);
    if (behaviour.startMs) await this.#clock.sleep(behaviour.startMs);
    if (behaviour.startError) throw behaviour.startError;
    if (!spec.command[0]) {
      throw new HoldfastError({ code: 'instance.start', kind: 'invalid', message: `${spec.id} has no command` });
    }
    this.#output.set(spec.id, [...(behaviour.output ?? [])]);
    this.#instances.set(spec.id, {
      spec,
      behaviour,
      startedAt: this.#clock.now(),
      port: spec.listens ? this.#nextPort++ : undefined,
      ended: undefined,
    });
  }

  #end({ ended, behaviour: { exit }, startedAt }: FakeInstance): FakeInstance['ended'] {
    if (ended) return ended;
    if (!exit || this.#clock.now() < startedAt + exit.afterMs) return undefined;
    return { at: startedAt + exit.afterMs, code: exit.code };
  }
}
