import type { KeyInfo } from '../../objects/object-admin.ts';
import type { InstanceRecord } from '../state/instance-store.ts';

/** `undefined`: the key is no service's. */
export function serviceOfKey({ owner }: Pick<KeyInfo, 'owner'>): { app: string; service: string } | undefined {
  const [app = '', service] = owner.split('/');
  return service === undefined ? undefined : { app, service };
}

interface Surroundings {
  /** All that the object store has. */
  readonly keys: readonly Pick<KeyInfo, 'owner' | 'createdAt'>[];
  /** Of the key's app. */
  readonly instances: readonly Pick<InstanceRecord, 'id' | 'service' | 'phase' | 'createdAt'>[];
}

/**
 * The instances that run with the key: each has the one that was its service's newest when it was started.
 * One that is being started during a rotation may have the newer key already, and counts with the older one.
 */
export function usersOfKey(key: Pick<KeyInfo, 'owner' | 'createdAt'>, { keys, instances }: Surroundings): string[] {
  const times = keys.filter(({ owner }) => owner === key.owner).map(({ createdAt }) => createdAt);
  const isFirst = Math.min(...times) >= key.createdAt; // made for the first instance, so after its record
  const next = Math.min(...times.filter((time) => time > key.createdAt));
  return instances
    .filter(({ service, phase }) => service === serviceOfKey(key)?.service && phase !== 'failed' && phase !== 'ended')
    .filter(({ createdAt }) => createdAt < next && (isFirst || createdAt >= key.createdAt))
    .map(({ id }) => id);
}
