import { createHash } from 'node:crypto';
import { HoldfastError } from '../../src/core/errors.ts';
import type { AppSpec } from '../../src/spec/app-spec.ts';
import { appSpec, type Behaviour, randomServices } from './app-specs.ts';
import { ControlPlane, type Planners } from './control-plane.ts';
import { findUnsettled } from './end-state.ts';
import { Invariants } from './invariants.ts';
import { Random } from './random.ts';
import { Records } from './records.ts';
import { VirtualClock } from './virtual-clock.ts';
import { World } from './world.ts';

export interface HistoryResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** What came of its deployments, and how often the control plane crashed. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Longest time that a service with a volume had no instance to send requests to, ms. */
  readonly longestGapMs: number;
  /** Of everything that happened, in its order. */
  readonly hash: string;
  readonly trace: readonly string[];
}

const DAY_MS = 24 * 3600_000;

/** Long enough that whatever control does now and then has its turn, ms. */
const REST_MS = 61_000;

/** Longest that a history may take to come to rest once nothing disturbs it any more, ms. */
const SETTLE_MS = 20 * 60_000;

/** One history: random requests and faults from one seed, then peace, and a look at what is left. */
export async function runHistory(
  seed: number,
  { planners = {}, calm = false }: { readonly planners?: Planners; readonly calm?: boolean } = {},
): Promise<HistoryResult> {
  const history = await History.begin(seed, planners);
  await (calm ? history.liveCalmly() : history.live());
  await history.settle();
  return history.result();
}

class History {
  readonly #seed: number;
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #lines: string[] = [];
  readonly #invariants: Invariants;
  readonly #world: World;
  #plane!: ControlPlane;
  #records!: Records;

  private constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#invariants = new Invariants(this.#clock, (route) =>
      this.#records.isReplacedInPlace(route) ? 0 : this.#records.wantedCount(route),
    );
    this.#world = new World({
      clock: this.#clock,
      random: this.#random,
      invariants: this.#invariants,
      trace: (line) => this.#trace(line),
    });
  }

  static async begin(seed: number, planners: Planners): Promise<History> {
    const history = new History(seed);
    history.#plane = await ControlPlane.open({
      world: history.#world,
      clock: history.#clock,
      random: history.#random,
      planners,
      trace: (line) => history.#trace(line),
    });
    history.#records = new Records(history.#plane.sqlite);
    return history;
  }

  async live(): Promise<void> {
    const random = this.#random;
    this.#world.faultRate = random.pick([0, 0, 0.01, 0.05]);
    this.#request('deploy', this.#deploy(this.#spec('shop', 'good')));
    await this.#clock.advance(random.between(0, 4000));
    for (let turns = random.between(2, 8); turns > 0; turns--) {
      await this.#turn();
      await this.#clock.advance(random.pick([0, 10, 300, 1500, 6000]));
      if (!this.#plane.platform) this.#plane.restart();
    }
  }

  /** Good releases only, and nothing else goes wrong either. */
  async liveCalmly(): Promise<void> {
    const random = this.#random;
    for (let turns = random.between(2, 4); turns > 0; turns--) {
      this.#request('deploy', this.#deploy(this.#spec('shop', 'good')));
      await this.#clock.advance(random.pick([3000, 8000]));
      if (random.chance(0.3)) this.#scale('shop');
    }
  }

  async #turn(): Promise<void> {
    const random = this.#random;
    const app = random.chance(0.85) ? 'shop' : 'blog';
    const turns: [() => Promise<void> | void, ...(() => Promise<void> | void)[]] = [
      () => this.#request('deploy', this.#deploy(this.#spec(app, 'good'))),
      () => this.#request('deploy', this.#deploy(this.#spec(app, 'any'))),
      () => this.#request('deploy', this.#deploy(this.#spec(app, 'any'))),
      () => this.#request('rollback', this.#plane.platform?.rollback({ app, release: random.between(1, 3) })),
      () => this.#scale(app),
      () => this.#createStorage(),
      () => this.#destroyStorage(),
      () => this.#destroyStorage(),
      () => this.#recoverStorage(),
      () => this.#crashInstance(),
      () => this.#crashInstance(),
      () => this.#plane.crashAfter(random.between(1, 120)),
      () => this.#plane.crashAfter(random.between(1, 400)),
      () => (random.chance(0.3) ? this.#request('destroy app', this.#plane.platform?.destroyApp(app)) : undefined),
      () => (random.chance(0.3) ? this.#leap(DAY_MS + 1) : this.#leap(DAY_MS / 2)),
    ];
    await random.pick(turns)();
  }

  async settle(): Promise<void> {
    this.#world.faultRate = 0;
    this.#plane.crashAfter(Number.POSITIVE_INFINITY);
    if (!this.#plane.platform) this.#plane.restart();
    const deadline = this.#clock.now() + SETTLE_MS;
    await this.#clock.advance(REST_MS);
    while ((await this.#unsettled()).length > 0 && this.#clock.now() < deadline) await this.#clock.advance(5000);
    for (const what of await this.#unsettled()) this.#invariants.violate(`at the end: ${what}`);
  }

  result(): HistoryResult {
    const hash = createHash('sha256').update(this.#lines.join('\n')).digest('hex');
    const outcomes = this.#records.outcomes();
    outcomes.crashes = this.#lines.filter((line) => line.endsWith(' crash')).length;
    outcomes.purges = this.#lines.filter((line) => /destroy(Bucket)? \[/.test(line)).length;
    const { violations, longestGapMs } = this.#invariants;
    this.#plane.sqlite.close();
    return { seed: this.#seed, violations, longestGapMs, outcomes, hash, trace: this.#lines };
  }

  #unsettled(): Promise<readonly string[]> {
    return findUnsettled(this.#records, this.#world);
  }

  #spec(app: string, kind: 'good' | 'any'): AppSpec {
    const random = this.#random;
    const bad: Behaviour = random.pick(['crashes', 'never-healthy', 'cannot-start']);
    const behave = (): Behaviour => (kind === 'any' && random.chance(0.5) ? bad : 'good');
    return appSpec(app, randomServices(random, behave));
  }

  #deploy(spec: AppSpec) {
    const services = Object.entries(spec.services).map(
      ([name, one]) =>
        `${name}×${one.scaling.minTasks} ${one.environment.BEHAVIOUR}${one.volumeMounts.length ? ' volume' : ''}`,
    );
    this.#trace(`deploy ${spec.app}: ${services.join(', ')}`);
    return this.#plane.platform?.deploy({ spec, archivePath: 'memory:' });
  }

  #scale(app: string): void {
    const service = this.#random.pick(['web', 'db', 'worker']);
    const count = this.#random.between(1, 4);
    this.#trace(`scale ${app} ${service} ${count}`);
    this.#request('scale', this.#plane.platform?.scale({ app, service, count }));
  }

  #destroyStorage(): void {
    const now = this.#random.chance(0.4);
    const all = this.#records.storage();
    const idle = all.filter(({ state }) => state === 'detached');
    const candidates = idle.length > 0 && this.#random.chance(0.8) ? idle : all;
    const item = candidates[this.#random.between(0, Math.max(0, candidates.length - 1))];
    if (!item || !this.#plane.platform) return;
    const { kind } = item;
    this.#trace(`destroy ${item.id}${now ? ' now' : ''}`);
    const from = this.#clock.now() + (now ? 0 : DAY_MS);
    this.#invariants.mayPurge(item.realName ?? item.id, from);
    this.#request('destroy', this.#plane.platform.destroyStorage({ kind, id: item.id, now }), () => {
      if (!this.#records.isDestroyed(item.id)) this.#invariants.isRecovered(item.realName ?? item.id);
    });
  }

  /** As with the CLI: for an app, or for the first that names it. */
  #createStorage(): void {
    const random = this.#random;
    const app = random.chance(0.5) ? 'shop' : undefined;
    const platform = this.#plane.platform;
    const kind = random.pick(['volume', 'volume', 'bucket', 'filesystem']);
    this.#trace(`create ${kind} for ${app ?? 'nobody'}`);
    if (kind === 'volume') this.#request('create', platform?.createVolume({ name: 'data', sizeBytes: 1e9, app }));
    if (kind === 'bucket') this.#request('create', platform?.createBucket({ name: 'images', app }));
    if (kind === 'filesystem') this.#request('create', platform?.createFilesystem({ name: 'shared', app }));
  }

  #recoverStorage(): void {
    const item = this.#records.destroyed()[0];
    if (!item || !this.#plane.platform) return;
    this.#trace(`recover ${item.id}`);
    this.#request('recover', this.#plane.platform.recoverStorage({ kind: item.kind, id: item.id }), () => {
      if (!this.#records.isDestroyed(item.id)) this.#invariants.isRecovered(item.realName ?? item.id);
    });
  }

  async #crashInstance(): Promise<void> {
    const ids = this.#records.liveInstances();
    const id = ids[this.#random.between(0, Math.max(0, ids.length - 1))];
    if (id === undefined) return;
    this.#trace(`instance crashes: ${id}`);
    this.#invariants.noteCrash(id);
    this.#world.services.crash(id, 137);
  }

  async #leap(ms: number): Promise<void> {
    this.#trace(`leap ${ms}`);
    this.#clock.leap(ms);
  }

  /** A refusal with a code is an answer like any other; what else goes wrong is a bug. */
  #request(what: string, answer: Promise<unknown> | undefined, afterwards: () => void = () => {}): void {
    const alive = this.#plane.platform;
    answer?.then(
      () => {
        this.#trace(`${what}: ok`);
        afterwards();
      },
      (error: unknown) => {
        if (this.#plane.platform !== alive) return; // it died meanwhile
        const refused = error instanceof HoldfastError && error.kind !== 'internal';
        this.#trace(`${what}: ${error instanceof Error ? error.message : error}`);
        if (!refused) this.#invariants.violate(`${what} failed: ${error instanceof Error ? error.stack : error}`);
        afterwards();
      },
    );
  }

  #trace(line: string): void {
    this.#lines.push(`${this.#clock.now()} ${line}`);
  }
}
