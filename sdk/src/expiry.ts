import { invalidArgument } from './errors.ts';

const DEFAULT_EXPIRY = 3600;
/** SigV4 allows seven days. */
const MAX_EXPIRY = 7 * 24 * 3600;

/** Seconds that a signed URL holds. @throws StorageError `InvalidArgument` */
export function checkedExpiry(expiresIn: number = DEFAULT_EXPIRY): number {
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_EXPIRY) {
    throw invalidArgument(`\`expiresIn\` must be whole seconds from 1 to ${MAX_EXPIRY} (7 days), not ${expiresIn}`);
  }
  return expiresIn;
}
