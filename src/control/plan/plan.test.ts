import { describe, expect, test } from 'vitest';
import type { AppSpec, BucketSpec, ServiceSpec } from '../../spec/app-spec.ts';
import type { Action } from './actions.ts';
import { plan } from './plan.ts';
import { routesOf } from './routes.ts';
import type { Desired, Observed, ObservedInstance, ObservedStorage, OpenDeployment } from './situation.ts';

/** What the planner does next, case by case: `lane: action` a line. Read top to bottom as a rollout. */

const NOW = 1_000_000;

const stateless: ServiceSpec = {
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

const stateful: ServiceSpec = { ...stateless, volumeMounts: [{ volumeName: 'data', mountPath: '/data' }] };

const fileOf = (web: ServiceSpec): AppSpec => ({
  app: 'photos',
  services: { web },
  buckets: {},
  volumes: web.volumeMounts.length > 0 ? { data: { sizeBytes: 25e9, region: 'ewr', snapshotRetention: 5 } } : {},
  filesystems: {},
});

const rolling = (spec: AppSpec, change: Partial<OpenDeployment> = {}): OpenDeployment => ({
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

const instance = (id: string, change: Partial<ObservedInstance> = {}): ObservedInstance => {
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

const volume = (change: Partial<ObservedStorage> = {}): ObservedStorage => ({
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

function situation({ spec = stateless, desired = {}, instances = [], observed = {}, inFlight = {} }: Case) {
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

function planned(given: Case): readonly string[] {
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

describe('a stateless service: the new instance first', () => {
  const deploying = { deployment: rolling(fileOf(stateless)) };
  const old = instance('photos-web-v1-0-1');

  test('nothing runs yet: it is recorded, then started', () => {
    expect(planned({ desired: deploying })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('the old one serves: the new one is started beside it', () => {
    expect(planned({ desired: deploying, instances: [old] })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('the new one runs and is not healthy yet: wait', () => {
    const starting = instance('photos-web-v2-0-7', {
      phase: 'starting',
      activeAt: null,
      health: { state: 'unknown', reason: 'connection refused', since: NOW },
    });
    expect(planned({ desired: deploying, instances: [old, starting] })).toEqual([]);
  });

  test('the new one is healthy: it counts', () => {
    const healthy = instance('photos-web-v2-0-7', { phase: 'starting', activeAt: null });
    expect(planned({ desired: deploying, instances: [old, healthy] })).toEqual([
      'service web: activate-instance photos-web-v2-0-7',
    ]);
  });

  test('it counts and the edge does not know: routes first, the old one stays', () => {
    const [line, ...others] = planned({
      desired: deploying,
      instances: [old, instance('photos-web-v2-0-7')],
      observed: { edge: { routes: [], inFlight: new Map() } },
    });
    expect(line).toMatch(/^routes: set-routes .*v1-0-1.*"active".*v2-0-7.*"active"/);
    expect(others).toEqual([]);
  });

  test('the new one serves: the old one is drained', () => {
    expect(planned({ desired: deploying, instances: [old, instance('photos-web-v2-0-7')] })).toEqual([
      'service web: drain-instance photos-web-v1-0-1',
    ]);
  });

  test('requests of the old one are under way: their time begins, and they are waited for', () => {
    const leaving = { ...old, phase: 'draining' as const };
    const given = {
      instances: [leaving, instance('photos-web-v2-0-7')],
      inFlight: { 'photos-web-v1-0-1': 3 },
    };
    expect(planned(given)).toEqual(['service web: time-drain photos-web-v1-0-1']);
    expect(planned({ ...given, instances: [{ ...leaving, drainAt: NOW }, instance('photos-web-v2-0-7')] })).toEqual([]);
  });

  test('they have ended, or had their time: it is stopped and removed', () => {
    const end = ['service web: stop-instance photos-web-v1-0-1 5000', 'service web: remove-instance photos-web-v1-0-1'];
    const leaving = { ...old, phase: 'draining' as const };
    const fresh = instance('photos-web-v2-0-7');
    expect(planned({ instances: [leaving, fresh] })).toEqual(end);
    const hung = { ...leaving, drainAt: NOW - 10_000 };
    expect(planned({ instances: [hung, fresh], inFlight: { [hung.id]: 1 } })).toEqual(end);
  });

  test('the edge does not answer: nobody is stopped, nobody leaves', () => {
    const leaving = { ...old, phase: 'draining' as const, drainAt: NOW - 60_000 };
    const given = { instances: [leaving, instance('photos-web-v2-0-7')], observed: { edge: null } };
    expect(planned(given)).toEqual([]);
  });

  test('the new one crashes as the old one leaves: the old one is recalled', () => {
    const leaving = { ...old, phase: 'draining' as const };
    const crashed = instance('photos-web-v2-0-7', { process: 'exited', exitCode: 1 });
    expect(planned({ desired: deploying, instances: [leaving, crashed] })).toEqual([
      'service web: recall-instance photos-web-v1-0-1',
      `service web: fail-instance photos-web-v2-0-7 exited with code 1 1 ${NOW + 500}`,
    ]);
  });

  test('all that is wanted serves: the deployment has succeeded', () => {
    expect(planned({ desired: deploying, instances: [instance('photos-web-v2-0-7')] })).toEqual([
      'deployment: finish-deployment succeeded release 2 is healthy and serving',
    ]);
  });

  test('four instances: one more than that at a time', () => {
    const four = [0, 1, 2, 3].map((slot) => instance(`photos-web-v1-${slot}-${slot + 1}`));
    const desired = { ...deploying, scales: new Map([['web', 4]]) };
    expect(planned({ desired, instances: four })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });
});

describe('a service with a volume: in place', () => {
  const deploying = { deployment: rolling(fileOf(stateful)) };
  const old = instance('photos-web-v1-0-1', { spec: stateful });
  const held = { storage: [volume({ holders: [old.id] })] };

  test('the old one leaves first; its route holds requests', () => {
    const given = { spec: stateful, desired: deploying, instances: [old], observed: held };
    expect(planned(given)).toEqual(['service web: drain-instance photos-web-v1-0-1']);
    const { desired, observed } = situation(given);
    expect(routesOf(desired, observed)[0]?.holdMs).toBe(20_000);
  });

  test('a service that gains a volume: the old one, which has none, leaves first and is not recalled', () => {
    const leaving = { ...instance('photos-web-v1-0-1'), phase: 'draining' as const };
    expect(
      planned({ spec: stateful, desired: deploying, instances: [leaving], observed: { storage: [volume()] } }),
    ).toEqual(['service web: stop-instance photos-web-v1-0-1 5000', 'service web: remove-instance photos-web-v1-0-1']);
  });

  test('it is drained: stopped, then its volume is taken back', () => {
    const leaving = { ...old, phase: 'draining' as const };
    expect(planned({ spec: stateful, desired: deploying, instances: [leaving], observed: held })).toEqual([
      'service web: stop-instance photos-web-v1-0-1 5000',
      'service web: detach-volume vol_1 photos-web-v1-0-1',
      'service web: remove-instance photos-web-v1-0-1',
    ]);
  });

  test('it is gone: the new one is recorded, given the volume and started', () => {
    expect(planned({ spec: stateful, desired: deploying, observed: { storage: [volume()] } })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: bind-volume vol_1 {"service":"web","slot":0} {"service":"web","slot":0}',
      'service web: attach-volume vol_1 photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('its volume is still held by another: nothing is started', () => {
    const other = { storage: [volume({ holders: ['somebody'] })], running: new Set(['somebody']) };
    expect(planned({ spec: stateful, desired: deploying, observed: other })).toEqual([]);
  });

  test('two slots: the second waits until the first serves again', () => {
    const second = instance('photos-web-v1-1-2', { spec: stateful });
    const desired = { ...deploying, scales: new Map([['web', 2]]) };
    const storage = [volume({ holders: [old.id] }), volume({ id: 'vol_2', boundSlot: 1, holders: [second.id] })];
    expect(planned({ spec: stateful, desired, instances: [old, second], observed: { storage } })).toEqual([
      'service web: drain-instance photos-web-v1-0-1',
    ]);
    const leaving = { ...old, phase: 'draining' as const, drainAt: NOW };
    const given = { spec: stateful, desired, instances: [leaving, second], inFlight: { [old.id]: 1 } };
    expect(planned({ ...given, observed: { storage } })).toEqual([]);
  });

  test('no more instances than volumes', () => {
    const desired = { scales: new Map([['web', 3]]) };
    const serving = instance('photos-web-v2-0-7', { spec: stateful });
    const storage = [volume({ holders: [serving.id] })];
    expect(planned({ spec: stateful, desired, instances: [serving], observed: { storage } })).toEqual([]);
  });

  test('an instance ended without giving its volume back: it is taken back', () => {
    const storage = [volume({ holders: ['photos-web-v1-0-1'] })];
    expect(planned({ spec: stateful, observed: { storage } })).toEqual([
      'storage vol_1: detach-volume vol_1 photos-web-v1-0-1',
    ]);
  });
});

describe('failures', () => {
  const deploying = { deployment: rolling(fileOf(stateless)) };
  const old = instance('photos-web-v1-0-1');
  const failures = { service: 'web', slot: 0, release: 2, failures: 3, retryAt: NOW, reason: 'exited with code 1' };

  test('a new instance exits: it is counted and tried again after a back-off', () => {
    const crashed = instance('photos-web-v2-0-7', {
      phase: 'starting',
      activeAt: null,
      process: 'exited',
      exitCode: 1,
    });
    expect(planned({ desired: deploying, instances: [old, crashed] })).toEqual([
      `service web: fail-instance photos-web-v2-0-7 exited with code 1 1 ${NOW + 500}`,
    ]);
  });

  test('it is not healthy in its time: once is enough', () => {
    const unwell = instance('photos-web-v2-0-7', {
      phase: 'starting',
      activeAt: null,
      createdAt: NOW - 31_000,
      health: { state: 'unknown', reason: 'GET /healthz answered 500', since: NOW - 31_000 },
    });
    expect(planned({ desired: deploying, instances: [old, unwell] })).toEqual([
      `service web: fail-instance photos-web-v2-0-7 was not healthy within 30s: GET /healthz answered 500 3 ${NOW + 2000}`,
    ]);
  });

  test('three starts have failed: the deployment turns back, and says why', () => {
    expect(planned({ desired: deploying, instances: [old], observed: { slots: [failures] } })[0]).toBe(
      'deployment: turn-back web exited with code 1',
    );
  });

  test('turned back: the old release serves as ever, so it is rolled back', () => {
    const deployment = rolling(fileOf(stateless), { turnedBack: 'web exited with code 1' });
    const run = { version: 1, spec: fileOf(stateless) };
    expect(planned({ desired: { run, deployment }, instances: [old] })).toEqual([
      'deployment: finish-deployment rolled-back web exited with code 1',
    ]);
  });

  test('turned back with nothing before it: all is stopped, then it has failed', () => {
    const deployment = rolling(fileOf(stateless), { turnedBack: 'web exited with code 1', previousRelease: null });
    const desired = { run: null, deployment };
    const left = instance('photos-web-v2-0-7', { phase: 'starting' });
    expect(planned({ desired, instances: [left] })).toEqual([
      'service web: stop-instance photos-web-v2-0-7 5000',
      'service web: remove-instance photos-web-v2-0-7',
    ]);
    expect(planned({ desired })).toEqual(['deployment: finish-deployment failed web exited with code 1']);
  });

  test('an instance that served exits: it makes room for a new one', () => {
    const crashed = instance('photos-web-v2-0-6', { process: 'exited', exitCode: null });
    expect(planned({ instances: [crashed] })).toEqual([
      `service web: fail-instance photos-web-v2-0-6 was ended by a signal 1 ${NOW + 500}`,
    ]);
    expect(planned({ instances: [{ ...crashed, phase: 'failed' }] })).toEqual([
      'service web: stop-instance photos-web-v2-0-6 5000',
      'service web: remove-instance photos-web-v2-0-6',
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('its slot backs off: wait', () => {
    const slots = [{ ...failures, failures: 5, retryAt: NOW + 1 }];
    expect(planned({ observed: { slots } })).toEqual([]);
  });
});

describe('stages of a deployment', () => {
  const building = (status: 'pending' | 'built' | 'failed', error: string | null = null) => {
    const build = { app: 'photos', release: 2, name: 'web', services: ['web'], status, command: null, error };
    return { run: null, deployment: rolling(fileOf(stateless), { status: 'building', builds: [build] }) };
  };

  test('building, then provisioning', () => {
    expect(planned({ desired: building('pending') })).toEqual(['build: build web']);
    expect(planned({ desired: building('built') })).toEqual(['deployment: advance-deployment provisioning built']);
    expect(planned({ desired: building('failed', 'npm is not installed') })).toEqual([
      'deployment: finish-deployment failed the build of web failed: npm is not installed',
    ]);
  });

  const provisioning = (spec: AppSpec) => ({ run: null, deployment: rolling(spec, { status: 'provisioning' }) });

  test('storage that the file names is made', () => {
    const spec: AppSpec = {
      ...fileOf(stateful),
      buckets: { images: { accessibility: 'private', versioning: true } },
      filesystems: { shared: { throughputMode: 'elastic', backupEnabled: true } },
    };
    expect(planned({ desired: provisioning(spec) })).toEqual([
      'volume data: create-volume data 25000000000 ewr',
      'filesystem shared: create-filesystem shared',
      'bucket images: ensure-bucket images {"accessibility":"private","versioning":true}',
    ]);
  });

  test('a bucket is told its settings when the file changes them, and only then', () => {
    const cors = [{ origins: ['*'], methods: ['GET'], headers: [], exposeHeaders: [], maxAgeSeconds: 0 }];
    const settings = { accessibility: 'private', versioning: true } as const;
    const bucket = (told: BucketSpec) =>
      volume({ id: 'bkt_1', kind: 'bucket', name: 'images', settings: JSON.parse(JSON.stringify(told)) });
    const toldBefore = (before: BucketSpec, now: BucketSpec) => {
      const spec = { ...fileOf(stateless), buckets: { images: now } };
      return planned({ desired: provisioning(spec), observed: { storage: [bucket(before)] } });
    };
    const ready = ['deployment: advance-deployment rolling storage is ready'];
    const events = [{ webhook: 'hook', types: ['created'] }] as const;
    for (const change of [{ cors }, { lifecycle: [{ expireDays: 7 }] }, { events }]) {
      const changed = { ...settings, ...change };
      expect(toldBefore(settings, changed)).toEqual([
        `bucket images: ensure-bucket bkt_1 images ${JSON.stringify(changed)}`,
      ]);
      expect(toldBefore(changed, changed)).toEqual(ready);
      expect(toldBefore(changed, settings)).toEqual([
        `bucket images: ensure-bucket bkt_1 images ${JSON.stringify(settings)}`,
      ]);
    }
  });

  test('a volume made for no app is claimed, a smaller one extended', () => {
    const desired = provisioning(fileOf(stateful));
    const free = volume({ app: null, origin: 'command', boundService: null, boundSlot: null, sizeBytes: 10e9 });
    expect(planned({ spec: stateful, desired, observed: { storage: [free] } })).toEqual([
      'volume data: claim-storage vol_1 data',
      'volume data: extend-volume vol_1 25000000000',
    ]);
  });

  test('a volume in another region is no match', () => {
    const desired = provisioning(fileOf(stateful));
    const far = volume({ region: 'fra', boundService: null, boundSlot: null });
    expect(planned({ spec: stateful, desired, observed: { storage: [far] } })).toEqual([
      'volume data: create-volume data 25000000000 ewr',
    ]);
  });

  test('a renamed service finds the data of the one before', () => {
    const desired = provisioning(fileOf(stateful));
    const bound = volume({ boundService: 'server', holders: ['photos-server-v1-0-1'] });
    const running = new Set(['photos-server-v1-0-1']);
    expect(planned({ spec: stateful, desired, observed: { storage: [bound], running } })).toEqual([
      'deployment: advance-deployment rolling storage is ready',
    ]);
  });

  test('storage that cannot be had ends the deployment, nothing has changed', () => {
    const trouble = { message: 'the disk is full', retryable: false, since: NOW };
    const observed = { troubles: new Map([['volume data', trouble]]) };
    expect(planned({ spec: stateful, desired: provisioning(fileOf(stateful)), observed })).toEqual([
      'deployment: finish-deployment failed volume data: the disk is full',
    ]);
  });
});
