import { accessErrors } from './errors.ts';
import type { StoredKey } from './key-file.ts';

/** What authentication needs of the store. */
export interface AccessKeys {
  find(accessKeyId: string): StoredKey | undefined;
}

/**
 * The key that a signature names, unless it has ended: asked at each request.
 * @throws HoldfastError `access.key-unknown`, `access.key-expired`
 */
export function findValidKey(keys: AccessKeys, accessKeyId: string, now: number): StoredKey {
  const key = keys.find(accessKeyId);
  if (!key) throw accessErrors.keyUnknown(accessKeyId);
  if (hasExpired(key, now)) throw accessErrors.keyExpired(accessKeyId);
  return key;
}

export function hasExpired({ expiresAt }: Pick<StoredKey, 'expiresAt'>, now: number): boolean {
  return expiresAt !== undefined && now >= expiresAt;
}
