import type { Clock } from '../core/clock.ts';
import { HoldfastError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { GatewayCount } from './config.ts';
import { idleCoreSeconds, mainThreadSeconds } from './core-time.ts';
import { GatewayDemand } from './gateway-demand.ts';
import type { RoleProcess } from './role-process.ts';

const LOOK_MS = 2000;
const BUSY_LOOKS = 4;
/** Five minutes. */
const QUIET_LOOKS = 150;
/** After one that could not start. */
const REST_MS = 300_000;

type Gateway = Pick<RoleProcess, 'pid' | 'start' | 'stop' | 'retire'>;

export interface GatewayPoolOptions {
  readonly count: GatewayCount;
  readonly objects: { readonly pid: number | undefined };
  readonly newGateway: (name: `gateway-${number}`) => Gateway;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: what the system says. */
  readonly measure?: CoreTime;
}

/** Seconds so far. */
interface CoreTime {
  of(pid: number): Promise<number | undefined>;
  idle(): number;
}

interface Reading {
  readonly at: number;
  readonly idle: number;
  readonly objects: number | undefined;
  readonly gateways: readonly (number | undefined)[];
  /** What was read: a process that was started again begins anew. */
  readonly pids: string;
}

/**
 * The gateways of a platform: as many as were asked for, and more while the objects role has
 * no time left and the machine has. They use the objects role, so they start after it and end before it.
 */
export class GatewayPool {
  readonly #options: GatewayPoolOptions;
  readonly #measure: CoreTime;
  readonly #running = new Map<number, Gateway>();
  readonly #retiring = new Map<number, Gateway>();
  readonly #stopping = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: GatewayPoolOptions) {
    this.#options = options;
    this.#measure = options.measure ?? { of: mainThreadSeconds, idle: idleCoreSeconds };
  }

  /** Resolves when those that were asked for serve. @throws HoldfastError what one failed with */
  async start(): Promise<void> {
    const { least, most } = this.#options.count;
    const starts = await Promise.allSettled(Array.from({ length: least }, () => this.#startOne()));
    const failure = starts.find((start) => start.status === 'rejected');
    if (failure) throw failure.reason;
    if (most > least) this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#running.values(), ...this.#retiring.values()].map((gateway) => gateway.stop()));
    await this.#watching;
  }

  async #startOne(): Promise<void> {
    let number = 1;
    while (this.#running.has(number) || this.#retiring.has(number)) number++;
    const gateway = this.#options.newGateway(`gateway-${number}`);
    this.#running.set(number, gateway);
    try {
      await gateway.start();
    } catch (error) {
      this.#running.delete(number);
      throw error;
    }
  }

  async #watch(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    const demand = new GatewayDemand({ busyLooks: BUSY_LOOKS, quietLooks: QUIET_LOOKS });
    let last = await this.#read();
    for (;;) {
      await clock.sleep(LOOK_MS, { signal }).catch(() => {});
      if (signal.aborted) return;
      const now = await this.#read();
      const load = loadBetween(last, now);
      last = now;
      const wanted = load ? demand.after(load) : 'as-is';
      if (wanted === 'one-more' && this.#hasRoom) {
        try {
          await this.#startOne();
          log.info({ gateways: this.#running.size }, 'S3 is busy: one more process speaks it');
        } catch (error) {
          if (!signal.aborted)
            log.warn({ err: HoldfastError.from(error) }, 'S3 is busy, but no other process can speak it');
          await clock.sleep(REST_MS, { signal }).catch(() => {});
        }
      } else if (wanted === 'none') this.#retireSpare();
    }
  }

  /** As many again may be retiring: a client that never leaves keeps one, and there must not be one more after each quiet time. */
  get #hasRoom(): boolean {
    const { most } = this.#options.count;
    return this.#running.size < most && this.#running.size + this.#retiring.size < 2 * most;
  }

  async #read(): Promise<Reading> {
    const pids = [this.#options.objects.pid, ...[...this.#running.values()].map(({ pid }) => pid)];
    const [objects, ...gateways] = await Promise.all(pids.map((pid) => (pid ? this.#measure.of(pid) : undefined)));
    const { clock } = this.#options;
    return { at: clock.now(), idle: this.#measure.idle(), objects, gateways, pids: pids.join() };
  }

  #retireSpare(): void {
    for (const [number, gateway] of [...this.#running].slice(this.#options.count.least)) {
      this.#running.delete(number);
      this.#retiring.set(number, gateway);
      this.#options.log.info({ gateway: number }, 'S3 is quiet: a process that speaks it ends');
      void gateway.retire().then(() => this.#retiring.delete(number));
    }
  }
}

/** `undefined` where processes came or went between them, or cannot be read. */
function loadBetween(last: Reading, now: Reading) {
  const seconds = (now.at - last.at) / 1000;
  if (seconds <= 0 || last.pids !== now.pids) return undefined;
  const share = (to: number | undefined, from: number | undefined) =>
    ((to ?? Number.NaN) - (from ?? Number.NaN)) / seconds;
  const objects = share(now.objects, last.objects);
  const gateways = now.gateways.map((time, index) => share(time, last.gateways[index]));
  return { objects, gateways, idleCores: share(now.idle, last.idle) };
}
