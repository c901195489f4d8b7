import type { KeyInfo } from '../../objects/object-admin.ts';
import type { KeyView, Platform } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { InstanceRecord } from '../state/instance-store.ts';
import { serviceOfKey, usersOfKey } from './key-users.ts';
import { findBucket } from './s3-buckets.ts';

type Keys = Pick<Platform, 'keys' | 'createKey' | 'rotateKey' | 'revokeKey'>;

/** How long the old key of a rotation goes on: time for every service to be deployed once more. */
const DEFAULT_GRACE_SECONDS = 24 * 3600;

/** The keys of the object store, which keeps them itself. */
export function createKeyOperations(context: ControlContext): Keys {
  const { state, drivers, config, clock } = context;
  const { objects } = drivers;
  const access = { endpoint: config.s3PublicUrl, region: config.region };

  async function realName(bucket: string): Promise<string> {
    const record = await findBucket(context, bucket);
    return record?.realName ?? record?.name ?? bucket;
  }

  /** By app, of all that have a key. */
  async function liveInstances(keys: readonly KeyInfo[]): Promise<Map<string, readonly InstanceRecord[]>> {
    const apps = new Set(keys.flatMap((key) => serviceOfKey(key)?.app ?? []));
    return new Map(await Promise.all([...apps].map(async (app) => [app, await state.instances.live(app)] as const)));
  }

  return {
    keys: async () => {
      const keys = await objects.listKeys({});
      const live = await liveInstances(keys);
      return keys.map((key) => {
        const instances = live.get(serviceOfKey(key)?.app ?? '') ?? [];
        return viewOf(key, usersOfKey(key, { keys, instances }));
      });
    },

    createKey: async ({ grants, description, expiresInSeconds }) => {
      const named =
        grants === '*'
          ? grants
          : await Promise.all(grants.map(async (grant) => ({ ...grant, bucket: await realName(grant.bucket) })));
      const expiresAt = expiresInSeconds === undefined ? undefined : clock.now() + expiresInSeconds * 1000;
      const key = await objects.createKey({ grants: named, description, expiresAt });
      return { ...viewOf(key), ...access, secretAccessKey: key.secretAccessKey };
    },

    rotateKey: async ({ id, graceSeconds = DEFAULT_GRACE_SECONDS }) => {
      const key = await objects.rotateKey({ accessKeyId: id, graceMs: graceSeconds * 1000 });
      return { ...viewOf(key), ...access, secretAccessKey: key.secretAccessKey };
    },

    revokeKey: async (id) => {
      await objects.revokeAccessKey({ accessKeyId: id });
    },
  };
}

/** Picked one by one: the secret is not among them. */
function viewOf(key: KeyInfo, usedBy: readonly string[] = []): KeyView {
  const { accessKeyId: id, owner, createdAt, grants, description = null, expiresAt = null, replacedBy = null } = key;
  const shown =
    grants === '*' ? grants : grants.map(({ bucket, prefix = null, access }) => ({ bucket, prefix, access }));
  return { id, owner, grants: shown, description, createdAt, expiresAt, replacedBy, usedBy };
}
