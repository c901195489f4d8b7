import type { Builder } from '../../src/builds/builder.ts';
import type { ReleaseFiles } from '../../src/control/release-files.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import type { EdgeAdmin, Route, RouteTable } from '../../src/edge/edge-admin.ts';
import { createFakeEdge } from '../../src/edge/fake-edge.ts';
import { createMemoryFilesystemDriver } from '../../src/filesystems/drivers/memory-driver.ts';
import type { FilesystemDriver } from '../../src/filesystems/filesystem-driver.ts';
import type { BucketInfo, ObjectAdmin } from '../../src/objects/object-admin.ts';
import { type FakeBehaviour, FakeServiceDriver } from '../../src/services/drivers/fake-driver.ts';
import type { InstanceSpec } from '../../src/services/service-driver.ts';
import { createMemoryVolumeDriver } from '../../src/volumes/drivers/memory-driver.ts';
import type { VolumeDriver } from '../../src/volumes/volume-driver.ts';
import { createMemoryWebhooks } from '../support/memory-webhooks.ts';
import type { Invariants } from './invariants.ts';
import { createMemoryKeys } from './memory-keys.ts';
import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How long a backend's last requests take after it left the routes, ms. */
const LAST_REQUESTS = [0, 0, 50, 400, Number.POSITIVE_INFINITY] as const;

/** Until a table that was given is in force, ms: on a loaded machine control can look several times meanwhile. */
const ROUTES_TAKE = [0, 0, 0, 20, 500] as const;

const READ_ONLY: ReadonlySet<string | symbol> = new Set([
  'list',
  'probe',
  'usage',
  'getRoutes',
  'traffic',
  'listBuckets',
  'listKeys',
]);

export interface WorldOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly invariants: Invariants;
  readonly trace: (line: string) => void;
}

/** Machine, disks, object store, edge and builder: what outlives the control plane. */
export class World {
  readonly services: FakeServiceDriver;
  readonly volumes: VolumeDriver;
  readonly filesystems: FilesystemDriver;
  readonly edge: EdgeAdmin;
  readonly objects: ObjectAdmin;
  readonly builder: Builder;
  readonly files: ReleaseFiles = memoryReleaseFiles();
  /** Chance that a driver's call fails, before or after it did its work. */
  faultRate = 0;
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    const { clock, invariants } = options;
    this.#options = options;
    this.services = this.#watched('services', new FakeServiceDriver({ clock, behave: behaviourOf }));
    this.volumes = this.#watched('volumes', createMemoryVolumeDriver({ clock }));
    this.filesystems = this.#watched('filesystems', createMemoryFilesystemDriver());
    this.edge = this.#watched('edge', this.#createEdge());
    this.objects = this.#watched('objects', createMemoryObjects(clock));
    this.builder = this.#watched('builder', {
      build: async () => {
        await clock.sleep(200);
        return { command: ['run'], timings: { unpackMs: 1, installMs: 1, buildMs: 1 } };
      },
    });
    invariants.observe(this);
  }

  /** Every change is told to the trace and to the invariants, before it happens. */
  #watched<T extends object>(name: string, driver: T): T {
    const { invariants, trace } = this.#options;
    return new Proxy(driver, {
      get: (target, method) => {
        const member = Reflect.get(target, method, target);
        if (typeof member !== 'function') return member;
        if (method === 'logs' || method === 'crash') return member.bind(target);
        return async (...args: readonly unknown[]) => {
          const reads = READ_ONLY.has(method);
          if (!reads) trace(`${name}.${String(method)} ${JSON.stringify(args)}`);
          this.#maybeFail(`${name}.${String(method)}`);
          if (!reads) await invariants.before(`${name}.${String(method)}`, args);
          const answer = await member.apply(target, args);
          invariants.after(`${name}.${String(method)}`, args, answer);
          if (!reads) this.#maybeFail(`${name}.${String(method)}`);
          return answer;
        };
      },
    });
  }

  #maybeFail(call: string): void {
    if (this.faultRate === 0 || !this.#options.random.chance(this.faultRate)) return;
    this.#options.trace(`fault ${call}`);
    throw new HoldfastError({ code: 'simulated', kind: 'unavailable', message: `${call} does not answer` });
  }

  /** Requests of a backend that leaves the routes end soon, later, or never. */
  #createEdge(): EdgeAdmin {
    const { clock, random } = this.#options;
    const fake = createFakeEdge();
    const endsAt = new Map<string, number>();
    return {
      getRoutes: () => fake.getRoutes(),
      setRoutes: async (table) => {
        await clock.sleep(random.pick(ROUTES_TAKE));
        const before = activeInstances(await fake.getRoutes());
        await fake.setRoutes(table);
        const after = activeInstances(table);
        for (const instance of before) {
          if (!after.has(instance)) endsAt.set(instance, clock.now() + random.pick(LAST_REQUESTS));
        }
        for (const instance of after) endsAt.delete(instance);
      },
      traffic: async () => {
        for (const [instance, at] of endsAt) fake.setInFlight(instance, clock.now() < at ? 1 : 0);
        return fake.traffic();
      },
    };
  }
}

export function activeInstances(table: RouteTable | null): Set<string> {
  return new Set((table?.routes ?? []).flatMap(activeOf));
}

export function activeOf(route: Route): readonly string[] {
  return route.backends.filter(({ state }) => state === 'active').map(({ instance }) => instance);
}

function behaviourOf({ environment }: InstanceSpec): FakeBehaviour {
  const readyMs = Number(environment.READY_MS);
  switch (environment.BEHAVIOUR) {
    case 'crashes':
      return { readyMs: 1000, exit: { afterMs: 300, code: 1 }, output: ['starting\n', 'no such table\n'] };
    case 'never-healthy':
      return { readyMs, health: () => ({ healthy: false, reason: 'GET /healthz answered 500' }) };
    case 'cannot-start':
      return {
        startError: new HoldfastError({ code: 'instance.start', kind: 'invalid', message: 'there is no such command' }),
      };
    default:
      return { readyMs, stopMs: 100 };
  }
}

function createMemoryObjects(clock: VirtualClock): ObjectAdmin {
  const buckets = new Map<string, BucketInfo>();
  return {
    ensureBucket: async ({ name, from, accessibility = 'private', versioning = false }) => {
      if (from && !buckets.has(from.bucket)) throw new Error(`a fork of ${from.bucket}, which is not there`);
      const createdAt = buckets.get(name)?.createdAt ?? clock.now();
      const bucket: BucketInfo = {
        name,
        createdAt,
        objects: 0,
        bytes: 0,
        versioning: versioning ? 'enabled' : 'disabled',
        accessibility,
        website: false,
        domains: [],
      };
      buckets.set(name, bucket);
      return bucket;
    },
    destroyBucket: async ({ name }) => {
      buckets.delete(name);
    },
    listBuckets: async () => [...buckets.values()],
    ensureKey: async ({ owner }) => ({ accessKeyId: `AK${owner}`, secretAccessKey: `SK${owner}` }),
    revokeKey: async () => {},
    beginScrub: async () => {},
    scrubReport: async () => ({}),
    reseal: async () => ({ buckets: 0, accessKeys: 0, webhooks: 0 }),
    ...createMemoryKeys(clock),
    ...createMemoryWebhooks(),
  };
}

function memoryReleaseFiles(): ReleaseFiles {
  const nothing = async () => {};
  return {
    requireRoom: nothing,
    takeArchive: nothing,
    discardUpload: nothing,
    archivePath: ({ app, version }) => `memory:/${app}/${version}.tgz`,
    dropArchive: nothing,
    buildDirectory: ({ app, version }, build) => `memory:/${app}/${version}/${build}`,
    clearBuild: nothing,
    appendLog: nothing,
    readLog: async () => '',
    removeArtifacts: nothing,
    removeApp: nothing,
  };
}
