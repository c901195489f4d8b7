import type { AppSpec, ServiceSpec } from '../../src/spec/app-spec.ts';
import type { Random } from './random.ts';

/** What the instances of a release do; carried in the environment, as any app's settings are. */
export type Behaviour = 'good' | 'crashes' | 'never-healthy' | 'cannot-start';

export interface ServiceChoice {
  readonly type?: ServiceSpec['type'];
  readonly count?: number;
  readonly volume?: string;
  readonly filesystem?: string;
  readonly buckets?: readonly string[];
  readonly behaviour?: Behaviour;
  readonly readyMs?: number;
}

export const HOLD_MS = 10_000;
export const DRAIN_MS = 1000;
export const GRACE_MS = 4000;

export function service(choice: ServiceChoice = {}): ServiceSpec {
  const {
    type = 'web-service',
    count = 1,
    volume,
    filesystem,
    buckets = [],
    behaviour = 'good',
    readyMs = 100,
  } = choice;
  return {
    type,
    packaging: { type: 'source' },
    resources: { cpu: 0.25, memoryBytes: 2 ** 29 },
    port: 8080,
    healthCheck: {
      probe: type === 'worker-service' ? { kind: 'running' } : { kind: 'http', path: '/healthz' },
      intervalMs: 5000,
      timeoutMs: 1000,
      graceMs: GRACE_MS,
    },
    scaling: { minTasks: count, maxTasks: 4 },
    deploy: { strategy: 'rolling', drainMs: DRAIN_MS, holdMs: HOLD_MS },
    connectTo: buckets,
    environment: { BEHAVIOUR: behaviour, READY_MS: String(readyMs) },
    secrets: [],
    volumeMounts: volume === undefined ? [] : [{ volumeName: volume, mountPath: '/data' }],
    filesystemMounts: filesystem === undefined ? [] : [{ filesystemName: filesystem, mountPath: '/shared' }],
    stopTimeoutMs: 2000,
  };
}

/** The file of an app with these services, and every resource that they name. */
export function appSpec(app: string, services: Readonly<Record<string, ServiceSpec>>): AppSpec {
  const all = Object.values(services);
  const volumes = all.flatMap(({ volumeMounts }) => volumeMounts.map(({ volumeName }) => volumeName));
  const filesystems = all.flatMap(({ filesystemMounts }) => filesystemMounts.map((mount) => mount.filesystemName));
  const buckets = all.flatMap(({ connectTo }) => connectTo);
  const each = <T>(names: readonly string[], value: T) => Object.fromEntries(names.map((name) => [name, value]));
  return {
    app,
    services,
    buckets: each(buckets, { accessibility: 'private', versioning: false } as const),
    volumes: each(volumes, { sizeBytes: 1e9, snapshotRetention: 5 }),
    filesystems: each(filesystems, { throughputMode: 'elastic', backupEnabled: false } as const),
  };
}

/** Some app: one to three services of all kinds, with the storage that its kind may have. */
export function randomServices(random: Random, behave: () => Behaviour): Record<string, ServiceSpec> {
  const readyMs = () => random.between(0, 10) * 50;
  const services: Record<string, ServiceSpec> = {};
  if (random.chance(0.6)) {
    services.web = service({
      count: random.between(1, 3),
      behaviour: behave(),
      readyMs: readyMs(),
      ...(random.chance(0.3) ? { filesystem: 'shared' } : {}),
      ...(random.chance(0.4) ? { buckets: ['images'] } : {}),
      ...(random.chance(0.15) ? { volume: 'cache' } : {}), // gained by one release and lost by another
    });
  }
  if (random.chance(0.6)) {
    const name = random.pick(['db', 'store']);
    services[name] = service({
      count: random.between(1, 2),
      volume: 'data',
      behaviour: behave(),
      readyMs: readyMs(),
      ...(random.chance(0.3) ? { type: 'worker-service' as const } : {}),
    });
  }
  if (random.chance(0.3) || Object.keys(services).length === 0) {
    services.worker = service({
      type: 'worker-service',
      count: random.between(1, 2),
      behaviour: behave(),
      ...(random.chance(0.4) ? { filesystem: 'shared' } : {}),
    });
  }
  return services;
}
