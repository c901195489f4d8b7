import type { Backend, BackendTraffic, Route, RouteTable } from './edge-admin.ts';
import { Upstream } from './upstream.ts';

/** A route with its upstreams, fixed for as long as its table is in force. */
export class LiveRoute {
  readonly id: string;
  readonly holdMs: number;
  /** Those that take new requests. */
  readonly active: readonly Upstream[];
  #turn: number;

  constructor({ id, holdMs }: Route, active: readonly Upstream[], previous?: LiveRoute) {
    this.id = id;
    this.holdMs = holdMs;
    this.active = active;
    this.#turn = previous ? previous.#turn : 0;
  }

  /** The next active upstream in turn that is not in `except`. */
  pick(except?: ReadonlySet<Upstream>): Upstream | undefined {
    for (let i = 0; i < this.active.length; i++) {
      this.#turn = (this.#turn + 1) % this.active.length;
      const upstream = this.active[this.#turn];
      if (upstream && !except?.has(upstream)) return upstream;
    }
    return undefined;
  }
}

/** Which upstreams a host name leads to. A table replaces the one before in one step, without a moment in between. */
export class Router {
  #table: RouteTable | null = null;
  #byHost: ReadonlyMap<string, LiveRoute> = new Map();
  #byId: ReadonlyMap<string, LiveRoute> = new Map();
  readonly #upstreams = new Map<string, Upstream>();

  get table(): RouteTable | null {
    return this.#table;
  }

  apply(table: RouteTable): void {
    const byId = new Map<string, LiveRoute>();
    const byHost = new Map<string, LiveRoute>();
    const listed = new Set<Upstream>();
    const open = new Set<Upstream>();
    for (const route of table.routes) {
      const active: Upstream[] = [];
      for (const backend of route.backends) {
        const upstream = this.#upstreamOf(backend);
        listed.add(upstream);
        if (backend.state === 'active') active.push(upstream);
      }
      for (const upstream of active) open.add(upstream);
      const live = new LiveRoute(route, active, this.#byId.get(route.id));
      byId.set(route.id, live);
      for (const host of route.hosts) byHost.set(host, live);
    }
    this.#table = table;
    this.#byId = byId;
    this.#byHost = byHost;
    for (const [key, upstream] of this.#upstreams) {
      upstream.setOpen(open.has(upstream));
      if (!listed.has(upstream) && upstream.inFlight === 0) this.#upstreams.delete(key);
    }
  }

  find(host: string): LiveRoute | undefined {
    return this.#byHost.get(host);
  }

  traffic(): readonly BackendTraffic[] {
    const counts = new Map<string, number>();
    for (const route of this.#table?.routes ?? []) {
      for (const { instance } of route.backends) counts.set(instance, 0);
    }
    for (const { instance, inFlight } of this.#upstreams.values()) {
      if (inFlight > 0 || counts.has(instance)) counts.set(instance, (counts.get(instance) ?? 0) + inFlight);
    }
    return [...counts].map(([instance, inFlight]) => ({ instance, inFlight }));
  }

  /** An upstream lives, with its count and connections, for as long as tables name it with the same address. */
  #upstreamOf(backend: Backend): Upstream {
    const key = `${backend.instance} ${backend.host} ${backend.port}`;
    const known = this.#upstreams.get(key);
    if (known) return known;
    const upstream = new Upstream(backend);
    this.#upstreams.set(key, upstream);
    return upstream;
  }
}
