import type { Clock } from '../../src/core/clock.ts';
import type { KeyAdmin, NewKey } from '../../src/objects/object-admin.ts';

/** The keys that people make, in memory. */
export function createMemoryKeys(clock: Pick<Clock, 'now'>): KeyAdmin {
  const keys = new Map<string, NewKey>();
  const add = (key: Omit<NewKey, 'accessKeyId' | 'secretAccessKey' | 'createdAt'>): NewKey => {
    const accessKeyId = `AK${keys.size + 1}`;
    const made = { ...key, accessKeyId, secretAccessKey: `SK${accessKeyId}`, createdAt: clock.now() };
    keys.set(accessKeyId, made);
    return made;
  };
  const find = (accessKeyId: string): NewKey => {
    const key = keys.get(accessKeyId);
    if (!key) throw new Error(`no key ${accessKeyId}`);
    return key;
  };
  return {
    createKey: async (input) => add({ ...input, owner: `key:${keys.size + 1}` }),
    listKeys: async () => [...keys.values()].map(({ secretAccessKey: _, ...key }) => key),
    rotateKey: async ({ accessKeyId, graceMs }) => {
      const old = find(accessKeyId);
      const made = add({ owner: old.owner, grants: old.grants, description: old.description });
      keys.set(accessKeyId, { ...old, expiresAt: clock.now() + graceMs, replacedBy: made.accessKeyId });
      return made;
    },
    revokeAccessKey: async ({ accessKeyId }) => {
      keys.delete(find(accessKeyId).accessKeyId);
    },
  };
}
