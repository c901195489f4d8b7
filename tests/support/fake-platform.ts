import type {
  AppView,
  BucketCredentials,
  DeploymentStatus,
  DeploymentView,
  KeyView,
  LogLine,
  Platform,
  ReleaseView,
  StorageView,
} from '../../src/control/platform.ts';
import { HoldfastError } from '../../src/core/errors.ts';
import { newId } from '../../src/core/ids.ts';
import { checkRegion } from '../../src/spec/regions.ts';
import { createMemoryWebhooks } from './memory-webhooks.ts';

/** A platform in memory, for tests of its gateways: deployments go through their states one step a question. */
export interface FakePlatform extends Platform {
  /** Deployments from now on end so. */
  outcome: { readonly status: 'succeeded' | 'rolled-back' | 'failed'; readonly reason: string };
  /** Thrown by the next call of any member. */
  failNext: HoldfastError | undefined;
  /** Deployments stay where they are. */
  frozen: boolean;
  /** How often somebody has asked how a deployment goes. */
  looks: number;
  /** What every bucket is reached with. */
  s3: Omit<BucketCredentials, 'bucket'>;
  readonly secretValues: Map<string, string>;
  readonly archives: string[];
  readonly logLines: LogLine[];
  /** Follows of logs that nobody has ended. */
  followers: number;
}

const HOUR = 3_600_000;
/** By the hour: what is shown of it stays the same while a test runs. */
const ago = (hours: number) => Date.now() - hours * HOUR;

const notFound = (what: string, name: string) =>
  new HoldfastError({
    code: `${what}.not-found`,
    kind: 'not-found',
    message: `there is no ${what} "${name}"`,
    hint: `\`holdfast ${what}s list\` shows what there is`,
    resource: `${what} ${name}`,
  });

const KEY: KeyView = {
  id: 'HFAKFAKEFAKEFAKEFAKE',
  owner: 'key:fakefake',
  grants: [],
  description: null,
  createdAt: ago(3),
  expiresAt: null,
  replacedBy: null,
  usedBy: [],
};

const MASTER_KEY = { id: '0123456789abcdef', file: '/data/keys/master.key', rotating: false };

export function createFakePlatform(): FakePlatform {
  const apps = new Map<string, AppView>();
  const deployments = new Map<string, DeploymentView>();
  const releases = new Map<string, ReleaseView[]>();
  const store: StorageView[] = [];
  const secretValues = new Map<string, string>();

  const appOf = (name: string) => {
    const app = apps.get(name);
    if (!app) throw notFound('app', name);
    return app;
  };
  const storageOf = (kind: StorageView['kind'], id: string) => {
    const found = store.find((one) => one.kind === kind && (one.id === id || one.name === id));
    if (!found) throw notFound(kind, id);
    return found;
  };
  const replace = (old: StorageView, changes: Partial<StorageView>) => {
    const changed = { ...old, ...changes };
    store.splice(store.indexOf(old), 1, changed);
    return changed;
  };
  const add = (kind: StorageView['kind'], one: Pick<StorageView, 'name'> & Partial<StorageView>) => {
    const view: StorageView = {
      id: newId(kind.slice(0, 3)),
      app: null,
      kind,
      state: 'active',
      purgeAt: null,
      region: null,
      sizeBytes: null,
      usedBytes: 0,
      attachedTo: null,
      url: null,
      createdAt: ago(3),
      ...one,
    };
    store.push(view);
    return view;
  };
  const begin = (app: string, release: number): DeploymentView => {
    const at = Date.now();
    const status = 'building';
    const reason = 'the source has arrived';
    const view: DeploymentView = {
      id: newId('dep'),
      app,
      release,
      status,
      reason,
      createdAt: at,
      finishedAt: null,
      transitions: [{ at, status, reason }],
    };
    deployments.set(view.id, view);
    if (!apps.has(app)) {
      apps.set(app, { name: app, release: null, deployment: null, services: [], storage: [], notices: [] });
    }
    return view;
  };
  const steps: readonly DeploymentStatus[] = ['building', 'provisioning', 'rolling'];
  const advance = (view: DeploymentView): DeploymentView => {
    fake.looks++;
    if (view.finishedAt !== null || fake.frozen) return view;
    const next = steps[steps.indexOf(view.status) + 1];
    const { status, reason } = next ? { status: next, reason: `${next} as the app file says` } : fake.outcome;
    const at = Date.now();
    const changed = {
      ...view,
      status,
      reason,
      finishedAt: next ? null : at,
      transitions: [...view.transitions, { at, status, reason }],
    };
    deployments.set(view.id, changed);
    if (!next) finish(changed);
    return changed;
  };
  const finish = ({ app, release, status, reason, createdAt }: DeploymentView) => {
    const before = releases.get(app) ?? [];
    const ok = status === 'succeeded';
    releases.set(app, [
      ...before.map((one) => (ok ? { ...one, current: false } : one)),
      { version: release, app, createdAt, status, reason, current: ok },
    ]);
    if (!ok) return;
    apps.set(app, {
      name: app,
      release,
      deployment: null,
      storage: [],
      notices: [],
      services: [
        {
          name: 'web',
          type: 'web-service',
          url: `http://web-${app}.localhost:7380`,
          desired: 1,
          notice: '',
          instances: [
            {
              id: 'ins_1',
              service: 'web',
              release,
              state: 'healthy',
              reason: 'its health check passes',
              startedAt: ago(3),
              restarts: 0,
              volumes: [],
            },
          ],
        },
      ],
    });
  };

  const fake: FakePlatform = {
    outcome: { status: 'succeeded', reason: 'every instance is healthy' },
    failNext: undefined,
    frozen: false,
    looks: 0,
    s3: {
      endpoint: 'http://127.0.0.1:1',
      region: 'local',
      accessKeyId: 'AKFAKE',
      secretAccessKey: 'fake-secret',
    },
    secretValues,
    archives: [],
    logLines: [],
    followers: 0,

    deploy: async ({ spec, archivePath }) => {
      fake.archives.push(archivePath);
      return begin(spec.app, (releases.get(spec.app)?.length ?? 0) + 1);
    },
    deployment: async (id) => {
      const view = deployments.get(id);
      if (!view) throw notFound('deployment', id);
      return advance(view);
    },
    buildLog: async (_id, offset) => {
      const text = 'installing\nbuilding\n';
      return { text: text.slice(offset), next: text.length };
    },
    rollback: async ({ app, release }) => {
      appOf(app);
      return begin(app, release);
    },
    releases: async (app) => {
      if (!releases.has(app)) throw notFound('app', app);
      return releases.get(app) ?? [];
    },
    apps: async () => [...apps.values()],
    app: async (name) => ({ ...appOf(name), storage: store.filter((one) => one.app === name) }),
    destroyApp: async (name) => {
      appOf(name);
      apps.delete(name);
    },
    scale: async ({ app, service, count }) => {
      const view = appOf(app);
      if (!view.services.some((one) => one.name === service)) throw notFound('service', service);
      const scaled = {
        ...view,
        services: view.services.map((one) => (one.name === service ? { ...one, desired: count } : one)),
      };
      apps.set(app, scaled);
      return scaled;
    },
    async *logs({ service, instance, tail, follow, signal }) {
      const wanted = (one: LogLine) =>
        (service === undefined || one.service === service) && (instance === undefined || one.instance === instance);
      yield* fake.logLines.filter(wanted).slice(-(tail ?? 100));
      if (!follow) return;
      fake.followers++;
      try {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
      } finally {
        fake.followers--;
      }
    },
    secrets: async (app) => {
      appOf(app);
      return [...secretValues.keys()].map((name) => ({ name, version: 1, updatedAt: ago(3) }));
    },
    setSecrets: async ({ app, values }) => {
      appOf(app);
      for (const [name, value] of Object.entries(values)) secretValues.set(name, value);
    },
    unsetSecrets: async ({ app, names }) => {
      appOf(app);
      for (const name of names) secretValues.delete(name);
    },
    regions: async () => [
      { code: 'local', name: 'This machine', hosts: ['this'] },
      { code: 'ewr', name: 'Secaucus, New Jersey (US)', hosts: [] },
    ],
    storage: async ({ kind, app }) =>
      store.filter((one) => (kind === undefined || one.kind === kind) && (app === undefined || one.app === app)),
    createBucket: async ({ name, app }) => add('bucket', { name, app: app ?? null }),
    updateBucket: async ({ id, quota }) => replace(storageOf('bucket', id), { sizeBytes: quota ?? null }),
    bucketCredentials: async (name, { from } = {}) => ({
      bucket: storageOf('bucket', name).name,
      from: from === undefined ? undefined : storageOf('bucket', from).name,
      ...fake.s3,
    }),
    webhooks: createMemoryWebhooks(),
    scrubReport: async () => ({ current: null, last: null, setAside: [], lostKeys: [], indexRebuild: null }),
    beginScrub: async () => {},
    masterKey: async () => MASTER_KEY,
    restoreMasterKey: async () => ({ ...MASTER_KEY, restored: true }),
    rotateMasterKey: async () => ({
      ...MASTER_KEY,
      resealed: { buckets: 1, accessKeys: 2, webhooks: 0, secrets: 3 },
      earlierGone: true,
    }),
    keys: async () => [KEY],
    createKey: async ({ grants, description = null }) => ({
      ...KEY,
      grants: grants === '*' ? grants : grants.map((grant) => ({ prefix: null, ...grant })),
      description,
      ...fake.s3,
    }),
    rotateKey: async () => ({ ...KEY, ...fake.s3 }),
    revokeKey: async (id) => {
      if (id !== KEY.id) throw notFound('access key', id);
    },
    createVolume: async ({ name, app, region, sizeBytes }) =>
      add('volume', { name, app: app ?? null, region: checkRegion(region ?? 'local'), sizeBytes }),
    extendVolume: async ({ id, sizeBytes }) => replace(storageOf('volume', id), { sizeBytes }),
    createFilesystem: async ({ name, app }) => add('filesystem', { name, app: app ?? null }),
    destroyStorage: async ({ kind, id, now }) => {
      const found = storageOf(kind, id);
      if (!now) return replace(found, { state: 'destroyed', purgeAt: Date.now() + 24 * HOUR });
      store.splice(store.indexOf(found), 1);
      return null;
    },
    recoverStorage: async ({ kind, id }) => replace(storageOf(kind, id), { state: 'active', purgeAt: null }),
    snapshots: async () => [{ id: 'snap_1', createdAt: ago(3) }],
    createSnapshot: async () => ({ id: 'snap_2', createdAt: ago(0) }),
  };
  return failing(fake);
}

/** Every member throws `failNext` once it is set. */
function failing(fake: FakePlatform): FakePlatform {
  return new Proxy(fake, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      const failure = target.failNext;
      if (typeof member !== 'function' || !failure) return member;
      target.failNext = undefined;
      return () => {
        throw failure;
      };
    },
  });
}
