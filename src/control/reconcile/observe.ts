import type { ObservedInstance as DriverInstance } from '../../services/service-driver.ts';
import { publicHosts } from '../plan/hosts.ts';
import type {
  Desired,
  Health,
  Observed,
  ObservedEdge,
  ObservedInstance,
  ObservedStorage,
  OpenDeployment,
  TargetRelease,
  Trouble,
} from '../plan/situation.ts';
import type { AppRecord } from '../state/app-store.ts';
import type { DeploymentRecord } from '../state/deployment-store.ts';
import { instancePrefix } from '../state/instance-store.ts';
import type { ReleaseRecord } from '../state/release-store.ts';
import type { State } from '../state/state.ts';
import type { Drivers } from './drivers.ts';

export interface Situation {
  readonly desired: Desired;
  readonly observed: Observed;
}

export interface ObserverOptions {
  readonly app: string;
  readonly state: State;
  readonly drivers: Drivers;
  readonly health: (instance: string) => Health;
  readonly troubles: () => ReadonlyMap<string, Trouble>;
}

/** Looks at one app: its records, joined with what the drivers and the edge say. */
export class Observer {
  readonly #options: ObserverOptions;
  /** Releases do not change, as long as the app is the same. */
  readonly #releases = new Map<number, ReleaseRecord>();
  #appCreatedAt = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** `undefined` when there is no such app. */
  async observe(): Promise<Situation | undefined> {
    const { state, drivers } = this.#options;
    // The world first, the records after: what the world shows has a record by then.
    const running = await drivers.services.list();
    const holders = await this.#holders();
    const edge = await this.#edge();
    const records = await state.transaction((snapshot) => this.#read(snapshot, running));
    if (!records) return undefined;
    const { desired, instances, slots, storage, grants, nextNumbers } = records;
    return {
      desired,
      observed: {
        instances,
        slots,
        storage: storage.map((item): ObservedStorage => ({ ...item, holders: holders.get(item.id) ?? [] })),
        grants,
        edge,
        nextNumbers,
        running: new Set(running.filter(({ status }) => status === 'running').map(({ id }) => id)),
        troubles: this.#options.troubles(),
      },
    };
  }

  /** All of one moment: a deployment that ends between two reads would look like no release at all. */
  async #read(state: State, running: readonly DriverInstance[]) {
    const { app } = this.#options;
    const record = await state.apps.get(app);
    if (!record) return undefined;
    if (record.createdAt !== this.#appCreatedAt) this.#releases.clear();
    this.#appCreatedAt = record.createdAt;
    const desired = await this.#desired(state, record);
    return {
      desired,
      instances: await this.#instances(state, running),
      slots: await state.instances.slots(app),
      storage: await state.storage.within(app),
      grants: await state.storage.grants(app),
      nextNumbers: await this.#nextNumbers(state, desired.run),
    };
  }

  async #holders(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { volumes, filesystems } = this.#options.drivers;
    const attached = (await volumes.list()).map(
      ({ id, attachedTo }) => [id, attachedTo === null ? [] : [attachedTo]] as const,
    );
    const mounted = (await filesystems.list()).map(({ id, holders }) => [id, holders] as const);
    return new Map([...attached, ...mounted]);
  }

  /** Traffic is read after the routes: a request that came before an instance left them is counted. */
  async #edge(): Promise<ObservedEdge | null> {
    const { app, drivers } = this.#options;
    try {
      const table = await drivers.edge.getRoutes();
      const traffic = await drivers.edge.traffic();
      return {
        routes: (table?.routes ?? []).filter((route) => isRouteOf(app, route.id)),
        inFlight: new Map(traffic.map(({ instance, inFlight }) => [instance, inFlight])),
      };
    } catch {
      return null;
    }
  }

  async #desired(state: State, record: AppRecord): Promise<Desired> {
    const { app } = this.#options;
    const deployment = await state.deployments.open(app);
    const version = releaseToRun(record, deployment);
    const release = version === null ? undefined : await this.#release(state, version);
    return {
      app,
      run: release ? { version: release.version, spec: release.spec } : null,
      deployment: deployment ? await this.#openDeployment(state, deployment) : null,
      scales: await state.apps.scales(app),
      destroying: record.destroying === 1,
    };
  }

  async #openDeployment(state: State, record: DeploymentRecord): Promise<OpenDeployment | null> {
    const { app } = this.#options;
    const release = await this.#release(state, record.release);
    const { id, previousRelease, status, turnedBack, stageAt } = record;
    if (!release || (status !== 'building' && status !== 'provisioning' && status !== 'rolling')) return null;
    const builds = status === 'building' ? await state.releases.builds(app, record.release) : [];
    return { id, release: release.version, previousRelease, status, turnedBack, stageAt, spec: release.spec, builds };
  }

  async #instances(state: State, listed: readonly DriverInstance[]): Promise<readonly ObservedInstance[]> {
    const byId = new Map(listed.map((instance) => [instance.id, instance]));
    const instances: ObservedInstance[] = [];
    for (const record of await state.instances.live(this.#options.app)) {
      const release = await this.#release(state, record.release);
      const spec = release?.spec.services[record.service];
      if (!release || !spec || record.phase === 'ended') continue;
      const found = byId.get(record.id);
      instances.push({
        ...record,
        phase: record.phase,
        spec,
        hosts: publicHosts(release.spec, record.service),
        process: found?.status ?? 'absent',
        exitCode: found?.exitCode ?? null,
        address: found?.address ?? null,
        health: this.#options.health(record.id),
      });
    }
    return instances;
  }

  async #nextNumbers(state: State, run: TargetRelease | null): Promise<ReadonlyMap<string, number>> {
    const { app } = this.#options;
    const services = Object.keys(run?.spec.services ?? {});
    const numbers = await state.instances.nextNumbers(services.map((service) => instancePrefix(app, service)));
    return new Map(services.map((service) => [service, numbers.get(instancePrefix(app, service)) ?? 1]));
  }

  async #release(state: State, version: number): Promise<ReleaseRecord | undefined> {
    const known = this.#releases.get(version);
    if (known) return known;
    const release = await state.releases.get(this.#options.app, version);
    if (release) this.#releases.set(version, release);
    return release;
  }
}

/** Until a deployment rolls, what served before goes on; when it turns around, that again. */
function releaseToRun(app: AppRecord, deployment: DeploymentRecord | undefined): number | null {
  if (app.destroying === 1) return null;
  if (deployment?.status !== 'rolling') return app.currentRelease;
  return deployment.turnedBack === null ? deployment.release : deployment.previousRelease;
}

export function isRouteOf(app: string, routeId: string): boolean {
  return routeId.startsWith(`${app}/`);
}
