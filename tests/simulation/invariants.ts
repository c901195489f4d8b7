import type { RouteTable } from '../../src/edge/edge-admin.ts';
import type { InstanceSpec } from '../../src/services/service-driver.ts';
import { DRAIN_MS } from './app-specs.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { activeOf, type World } from './world.ts';

/** Time that control may take to notice an exit and to act on it, ms. */
const JUST_NOW_MS = 2000;

interface KnownInstance {
  readonly spec: InstanceSpec;
  everHealthy: boolean;
  /** Answer of the last probe that the controller made. */
  well: boolean;
  /** When the edge was told to send it nothing more. */
  leftRoutesAt: number | undefined;
}

/** What must hold at every step, whatever happens. Each breach is a line that says what and when. */
export class Invariants {
  readonly violations: string[] = [];
  /** Longest time that the edge had to hold requests of a service, ms. */
  longestGapMs = 0;
  readonly #crashes: { readonly id: string; readonly at: number }[] = [];
  readonly #gapSince = new Map<string, number>();
  readonly #clock: VirtualClock;
  readonly #wanted: (route: string) => number;
  readonly #instances = new Map<string, KnownInstance>();
  /** Storage that a person destroyed → when it may be gone. */
  readonly #purgeable = new Map<string, number>();
  #world: World | undefined;
  #table: RouteTable = { routes: [] };

  /** `wanted`: least count that a file in force asks of a service (`<app>/<service>`); 0: it may be gone, or is replaced in place. */
  constructor(clock: VirtualClock, wanted: (route: string) => number) {
    this.#clock = clock;
    this.#wanted = wanted;
  }

  observe(world: World): void {
    this.#world = world;
  }

  mayPurge(id: string, from: number): void {
    this.#purgeable.set(id, Math.min(from, this.#purgeable.get(id) ?? from));
  }

  isRecovered(id: string): void {
    this.#purgeable.delete(id);
  }

  violate(what: string): void {
    this.violations.push(`${new Date(this.#clock.now()).toISOString().slice(11, 23)} ${what}`);
  }

  /** One that was to count when the table was decided may be gone when it is set. */
  noteCrash(id: string): void {
    this.#crashes.push({ id, at: this.#clock.now() });
  }

  #crashesOf(route: string): number {
    const service = `${route.replace('/', '-')}-v`;
    return this.#crashes.filter(({ id, at }) => id.startsWith(service) && this.#clock.now() - at < JUST_NOW_MS).length;
  }

  async before(call: string, args: readonly unknown[]): Promise<void> {
    const [first, second] = args;
    if (call === 'services.start') await this.#beforeStart(first as InstanceSpec);
    if (call === 'services.stop') await this.#beforeStop(first as string);
    if (call === 'volumes.attach') await this.#beforeAttach(first as string, second as string);
    if (call === 'volumes.detach') await this.#beforeDetach(first as string, second as string);
    if (call === 'filesystems.unmount') await this.#beforeUnmount(first as string, second as string);
    if (call === 'volumes.destroy' || call === 'filesystems.destroy') this.#beforeDestroy(first as string);
    if (call === 'objects.destroyBucket') this.#beforeDestroy((first as { name: string }).name);
    if (call === 'edge.setRoutes') await this.#beforeRoutes(first as RouteTable);
  }

  after(call: string, args: readonly unknown[], answer: unknown): void {
    if (call !== 'services.probe') return;
    const instance = this.#instances.get(args[0] as string);
    if (!instance) return;
    instance.well = (answer as { healthy: boolean }).healthy;
    instance.everHealthy ||= instance.well;
  }

  /** An instance runs only while it holds its volumes. */
  async #beforeStart(spec: InstanceSpec): Promise<void> {
    const known = this.#instances.get(spec.id);
    this.#instances.set(spec.id, known ?? { spec, everHealthy: false, well: false, leftRoutesAt: undefined });
    for (const id of volumesOf(spec)) {
      const holder = await this.#holder(id);
      if (holder !== spec.id) this.violate(`${spec.id} starts with ${id}, which ${holder ?? 'nobody'} holds`);
    }
  }

  /** Requests are not cut: the edge has let go of it, and they have ended or had their time. */
  async #beforeStop(id: string): Promise<void> {
    const instance = this.#instances.get(id);
    if (!instance?.well || !(await this.#isRunning(id))) return;
    const routed = this.#table.routes.some((route) => activeOf(route).includes(id));
    if (routed) this.violate(`${id} is stopped while requests are sent to it`);
    const traffic = (await this.#quietly(() => this.#world?.edge.traffic())) ?? [];
    const busy = traffic.some((entry) => entry.instance === id && entry.inFlight > 0);
    const waited = this.#clock.now() - (instance.leftRoutesAt ?? 0);
    if (busy && waited < DRAIN_MS) this.violate(`${id} is stopped after ${waited} ms with requests under way`);
  }

  async #beforeAttach(id: string, holder: string): Promise<void> {
    const current = await this.#holder(id);
    if (current !== null && current !== holder) this.violate(`${id} is given to ${holder} while ${current} holds it`);
  }

  async #beforeDetach(id: string, holder: string): Promise<void> {
    const instance = this.#instances.get(holder);
    const mounts = instance !== undefined && volumesOf(instance.spec).includes(id);
    if (mounts && (await this.#isRunning(holder))) this.violate(`${id} is taken from ${holder}, which runs`);
  }

  async #beforeUnmount(id: string, holder: string): Promise<void> {
    const mounts = this.#instances
      .get(holder)
      ?.spec.mounts.some(({ hostPath }) => hostPath.startsWith(`memory:/${id}`));
    if (mounts && (await this.#isRunning(holder))) this.violate(`${id} is unmounted under ${holder}, which runs`);
  }

  #beforeDestroy(id: string): void {
    const from = this.#purgeable.get(id);
    if (from === undefined) this.violate(`${id} is deleted, which nobody asked for`);
    else if (from > this.#clock.now()) this.violate(`${id} is deleted before its grace is over`);
  }

  /** Only what has been healthy is routed to, and a table never takes away the last that could serve. */
  async #beforeRoutes(table: RouteTable): Promise<void> {
    const previous = this.#table;
    this.#table = table;
    this.#measureGaps(previous, table);
    const running = await this.#running();
    for (const route of table.routes) {
      for (const id of activeOf(route)) {
        if (!this.#instances.get(id)?.everHealthy) this.violate(`${id} is routed to and was never healthy`);
      }
    }
    for (const route of previous.routes) {
      const now = table.routes.find(({ id }) => id === route.id);
      const remaining = now ? activeOf(now) : [];
      const removed = activeOf(route).filter((id) => !remaining.includes(id));
      for (const id of removed) this.#noteLeft(id);
      const working = removed.filter((id) => running.has(id) && this.#instances.get(id)?.well);
      if (working.length === 0 || this.#replacesInPlace(working)) continue;
      const wanted = Math.min(this.#wanted(route.id), activeOf(route).length);
      const fewest = Math.max(Math.min(1, wanted), wanted - this.#crashesOf(route.id));
      if (remaining.length < fewest) {
        this.violate(`${route.id} loses ${working.join(', ')} and is left with ${remaining.length} of ${fewest}`);
      }
    }
  }

  #measureGaps(previous: RouteTable, table: RouteTable): void {
    const now = this.#clock.now();
    for (const route of table.routes) {
      const before = previous.routes.find(({ id }) => id === route.id);
      const since = this.#gapSince.get(route.id);
      if (activeOf(route).length > 0) {
        if (since !== undefined) this.longestGapMs = Math.max(this.longestGapMs, now - since);
        this.#gapSince.delete(route.id);
      } else if (before && activeOf(before).length > 0) this.#gapSince.set(route.id, now);
    }
    for (const id of this.#gapSince.keys()) {
      if (!table.routes.some((route) => route.id === id)) this.#gapSince.delete(id);
    }
  }

  #noteLeft(id: string): void {
    const instance = this.#instances.get(id);
    if (instance) instance.leftRoutesAt = this.#clock.now();
  }

  #replacesInPlace(ids: readonly string[]): boolean {
    return ids.some((id) => volumesOf(this.#instances.get(id)?.spec).length > 0);
  }

  async #holder(volume: string): Promise<string | null> {
    const volumes = await this.#quietly(() => this.#world?.volumes.list());
    return volumes?.find(({ id }) => id === volume)?.attachedTo ?? null;
  }

  async #running(): Promise<ReadonlySet<string>> {
    const instances = await this.#quietly(() => this.#world?.services.list());
    return new Set((instances ?? []).filter(({ status }) => status === 'running').map(({ id }) => id));
  }

  async #isRunning(id: string): Promise<boolean> {
    return (await this.#running()).has(id);
  }

  /** Looking is not part of the history: no faults, no chance. */
  async #quietly<T>(look: () => T): Promise<T> {
    const world = this.#world;
    const rate = world?.faultRate ?? 0;
    if (world) world.faultRate = 0;
    const answer = look();
    if (world) world.faultRate = rate;
    return answer;
  }
}

function volumesOf(spec: InstanceSpec | undefined): readonly string[] {
  return (spec?.mounts ?? [])
    .map(({ hostPath }) => hostPath.replace('memory:/', ''))
    .filter((id) => id.startsWith('vol'));
}
