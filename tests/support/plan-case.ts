import type { Action } from '../../src/control/plan/actions.ts';
import { plan } from '../../src/control/plan/plan.ts';
import { routesOf } from '../../src/control/plan/routes.ts';
import type {
  Desired,
  Observed,
  ObservedInstance,
  ObservedStorage,
  OpenDeployment,
} from '../../src/control/plan/situation.ts';
import type { AppSpec, ServiceSpec } from '../../src/spec/app-spec.ts';

/** Cases for the planner: an app of one service, and what it is planned to do next. */

export const NOW = 1_000_000;

export const stateless: ServiceSpec = {
  type: 'web-service',
  packaging: { type: 'source' },
  resources: { cpu: 0.25, memoryBytes: 2 ** 29 },
  port: 8080,
  healthCheck: { probe: { kind: 'http', path: '/healthz' }, intervalMs: 5000, timeoutMs: 2000, graceMs: 30_000 },
  scaling: { minTasks: 1, maxTasks: 10 },
  deploy: { strategy: 'rolling', drainMs: 10_000, holdMs: 20_000 },
  connectTo: [],
  environment: {},
  secrets: [],
  volumeMounts: [],
  filesystemMounts: [],
  stopTimeoutMs: 5000,
};

export const stateful: ServiceSpec = { ...stateless, volumeMounts: [{ volumeName: 'data', mountPath: '/data' }] };

export const fileOf = (web: ServiceSpec): AppSpec => ({
  app: 'photos',
  services: { web },
  buckets: {},
  volumes: web.volumeMounts.length > 0 ? { data: { sizeBytes: 25e9, region: 'ewr', snapshotRetention: 5 } } : {},
  filesystems: {},
});

export const rolling = (spec: AppSpec, change: Partial<OpenDeployment> = {}): OpenDeployment => ({
  id: 'dep_1',
  release: 2,
  previousRelease: 1,
  status: 'rolling',
  turnedBack: null,
  stageAt: NOW,
  spec,
  builds: [],
  ...change,
});

export const instance = (id: string, change: Partial<ObservedInstance> = {}): ObservedInstance => {
  const [, release = '1', slot = '0', number = '1'] = /v(\d+)-(\d+)-(\d+)$/.exec(id) ?? [];
  return {
    id,
    service: 'web',
    release: Number(release),
    slot: Number(slot),
    phase: 'active',
    createdAt: NOW,
    activeAt: NOW,
    drainAt: null,
    startError: null,
    spec: stateless,
    hosts: ['photos.localhost', 'web-photos.localhost'],
    process: 'running',
    exitCode: null,
    address: { host: '127.0.0.1', port: 40_000 + Number(number) },
    health: { state: 'healthy', reason: '', since: NOW },
    ...change,
  };
};

export const volume = (change: Partial<ObservedStorage> = {}): ObservedStorage => ({
  id: 'vol_1',
  kind: 'volume',
  app: 'photos',
  name: 'data',
  realName: null,
  region: 'ewr',
  sizeBytes: 25e9,
  settings: null,
  origin: 'file',
  state: 'active',
  ready: true,
  boundService: 'web',
  boundSlot: 0,
  holders: [],
  ...change,
});

interface Case {
  readonly spec?: ServiceSpec;
  readonly desired?: Partial<Desired>;
  readonly instances?: readonly ObservedInstance[];
  readonly observed?: Partial<Observed>;
  /** Default: the edge has what the instances ask for, and nothing is in flight. */
  readonly inFlight?: Readonly<Record<string, number>>;
}

export function situation({ spec = stateless, desired = {}, instances = [], observed = {}, inFlight = {} }: Case) {
  const file = fileOf(spec);
  const wanted: Desired = {
    app: 'photos',
    run: { version: 2, spec: file },
    deployment: null,
    scales: new Map(),
    destroying: false,
    ...desired,
  };
  const seen: Observed = {
    instances,
    slots: [],
    storage: [],
    grants: new Map(),
    edge: { routes: [], inFlight: new Map(Object.entries(inFlight)) },
    nextNumbers: new Map([['web', 7]]),
    running: new Set(instances.filter(({ process }) => process === 'running').map(({ id }) => id)),
    troubles: new Map(),
    ...observed,
  };
  const edge = observed.edge === undefined && seen.edge ? { ...seen.edge, routes: routesOf(wanted, seen) } : seen.edge;
  return { desired: wanted, observed: { ...seen, edge } };
}

/** `lane: action` a line. */
export function planned(given: Case): readonly string[] {
  const { desired, observed } = situation(given);
  return plan(desired, observed, NOW).map(({ lane, action }) => `${lane}: ${describeAction(action)}`);
}

function describeAction(action: Action): string {
  const { kind, ...rest } = action;
  const details = Object.entries(rest)
    .filter(([key]) => !['service', 'slot', 'release', 'number', 'deployment', 'rootDirectory'].includes(key))
    .map(([, value]) => (typeof value === 'object' ? JSON.stringify(value) : String(value)));
  return [kind, ...details].join(' ');
}
