import type { KeyInfo } from '../../objects/object-admin.ts';
import type { KeyView, Platform } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import { findStorage } from './find-storage.ts';
import { serviceOfKey, usersOfKey } from './key-users.ts';

type Keys = Pick<Platform, 'keys' | 'createKey' | 'rotateKey' | 'revokeKey'>;

/** How long the old key of a rotation goes on: time for every service to be deployed once more. */
const DEFAULT_GRACE_SECONDS = 24 * 3600;

/** The keys of the object store, which keeps them itself. */
export function createKeyOperations({ state, drivers, config, clock }: ControlContext): Keys {
  const { objects } = drivers;
  const access = { endpoint: config.s3PublicUrl, region: config.region };

  async function realName(bucket: string): Promise<string> {
    const record = await findStorage(state, { kind: 'bucket', id: bucket });
    return record.realName ?? record.name;
  }

  async function usersOf(key: KeyInfo, keys: readonly KeyInfo[]): Promise<readonly string[]> {
    const service = serviceOfKey(key);
    return service ? usersOfKey(key, { keys, instances: await state.instances.live(service.app) }) : [];
  }

  return {
    keys: async () => {
      const keys = await objects.listKeys({});
      return Promise.all(keys.map(async (key) => viewOf(key, await usersOf(key, keys))));
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
