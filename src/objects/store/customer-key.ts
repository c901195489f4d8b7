import { randomBytes, timingSafeEqual } from 'node:crypto';
import { encryptionErrors } from './errors/encryption-errors.ts';

/** AES-256. */
const KEY_BYTES = 32;

/** @throws HoldfastError `encryption.key` */
export function checkCustomerKey(key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw encryptionErrors.keyLength(key.length, KEY_BYTES);
}

/** @throws HoldfastError `encryption.key-missing`, `encryption.key-needless` */
export function checkExpected(byCustomer: boolean, customerKey: Uint8Array | undefined): void {
  if (byCustomer && !customerKey) throw encryptionErrors.keyMissing();
  if (!byCustomer && customerKey) throw encryptionErrors.keyNeedless();
}

/** Both the same one, or both none. */
export function isSameCustomerKey(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && timingSafeEqual(a, b);
}

/** In place of the MD5, which anyone could compare with that of bytes they guess (S3: such an ETag is no MD5). */
export function secretEtag(): string {
  return randomBytes(16).toString('hex');
}
