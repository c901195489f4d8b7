import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { createKeyOperations } from '../../src/control/operations/keys.ts';
import type { ControlContext } from '../../src/control/reconcile/context.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Keyring } from '../../src/core/keyring.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectsRole } from '../../src/objects/objects-role.ts';
import { type CliOptions, type CliRun, runCliProcess } from './cli-process.ts';
import { type FakeApi, startFakeApi, TOKEN } from './fake-api.ts';
import { roleClient, TEST_CODE } from './role-client.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** `holdfast object-store …` over S3, with the credentials that the API hands out, to a store with the bucket `images`. */
export interface CliObjectsBed extends AsyncDisposable {
  readonly api: FakeApi;
  readonly admin: ObjectAdmin;
  /** In which the commands run. */
  readonly directory: string;
  store(args: readonly string[], options?: CliOptions): Promise<CliRun>;
}

export async function startCliObjects(): Promise<CliObjectsBed> {
  await using starting = new AsyncDisposableStack();
  const api = starting.use(await startFakeApi());
  const directory = starting.use(await temporaryDirectory()).path;
  const adminSocket = join(directory, 'objects.sock');
  const objects = starting.adopt(
    await startObjectsRole({
      code: TEST_CODE,
      directory,
      keyring: new Keyring(randomBytes(32)),
      port: 0,
      host: '127.0.0.1',
      adminSocket,
      region: 'local',
      webhookAllow: ['127.0.0.1'],
      log: pino({ level: 'silent' }),
      openStore: async () => new MemoryObjectStore(),
      closeMs: 0,
    }),
    (role) => role.close(),
  );
  const admin = roleClient<ObjectAdmin>(adminSocket);
  await admin.ensureBucket({ name: 'images' });
  const key = await admin.ensureKey({ owner: 'operator:images', buckets: ['images'] });
  api.platform.s3 = { endpoint: `http://127.0.0.1:${objects.port}`, region: 'local', ...key };
  await api.platform.createBucket({ name: 'images' });
  Object.assign(api.platform, keyOperations(admin, api.platform.s3), { webhooks: admin });
  const env = { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN };
  const running = starting.move();
  return {
    api,
    admin,
    directory,
    store: (args, options) => runCliProcess(['object-store', ...args], { cwd: directory, ...options, env }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Started before every key of a test, and after. */
const INSTANCES = [
  { id: 'shop-web-1', service: 'web', phase: 'active', createdAt: 0 },
  { id: 'shop-web-2', service: 'web', phase: 'active', createdAt: Date.now() + 3600_000 },
];

/** The product's own, over the objects role; of control's state they need the names of buckets, and instances. */
function keyOperations(objects: ObjectAdmin, { endpoint, region }: { endpoint: string; region: string }) {
  return createKeyOperations({
    state: {
      storage: {
        list: async () => [{ id: 'buc_1', name: 'images', realName: 'images', state: 'active' }],
        takenRealNames: async () => new Set(['images']),
      },
      instances: { live: async (app: string) => (app === 'shop' ? INSTANCES : []) },
    },
    drivers: { objects },
    config: { s3PublicUrl: endpoint, region },
    clock: systemClock,
  } as unknown as ControlContext);
}
