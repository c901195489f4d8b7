import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { Keyring } from '../../src/core/keyring.ts';
import type { AccessKey, ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectsRole } from '../../src/objects/objects-role.ts';
import { roleClient, TEST_CODE } from './role-client.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface TestObjectStore extends AsyncDisposable {
  readonly endpoint: string;
  readonly admin: ObjectAdmin;
  /** Where an edge reaches the buckets as websites. */
  readonly websiteSocket: string;
  /** What `connectTo: [<bucket>, …]` would put into a service's environment. */
  environment(bucket: string, ...more: string[]): Promise<Record<string, string>>;
}

/** The real objects role on a free port, with `buckets` in it. */
export async function startObjectStore(...buckets: string[]): Promise<TestObjectStore> {
  const directory = await temporaryDirectory();
  const adminSocket = join(directory.path, 'admin.sock');
  const websiteSocket = join(directory.path, 'sites.sock');
  const role = await startObjectsRole({
    code: TEST_CODE,
    directory: join(directory.path, 'objects'),
    keyring: new Keyring(randomBytes(32)),
    port: 0,
    host: '127.0.0.1',
    adminSocket,
    websiteSocket,
    region: 'local',
    webhookAllow: ['127.0.0.0/8'],
    lifecycleMs: 200,
    accessLogMs: 200,
    log: pino({ level: 'silent' }),
  });
  const admin = roleClient<ObjectAdmin>(adminSocket);
  for (const name of buckets) await admin.ensureBucket({ name });
  const endpoint = `http://127.0.0.1:${role.port}`;
  return {
    endpoint,
    admin,
    websiteSocket,
    async environment(bucket, ...more) {
      const key: AccessKey = await admin.ensureKey({ owner: `test/${bucket}`, buckets: [bucket, ...more] });
      return {
        BUCKET_NAME: bucket,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_REGION: 'local',
      };
    },
    async [Symbol.asyncDispose]() {
      await role.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}
