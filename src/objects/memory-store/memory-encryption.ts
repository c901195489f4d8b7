import { hash } from 'node:crypto';
import { bodyEtag } from '../store/body-etag.ts';
import { checkCustomerKey, checkExpected, isSameCustomerKey } from '../store/customer-key.ts';
import { encryptionErrors } from '../store/errors/encryption-errors.ts';
import { uploadErrors } from '../store/errors/upload-errors.ts';
import { multipartEtag } from '../store/multipart.ts';

/** What encryption shows of itself, for a store that has nothing at rest. */

export function encryptionOf(customerKey: Uint8Array | undefined): 'managed' | 'customer' {
  if (customerKey) checkCustomerKey(customerKey);
  return customerKey ? 'customer' : 'managed';
}

/** @throws HoldfastError `encryption.key-missing`, `encryption.key-needless`, `encryption.key-wrong` */
export function demandKey(key: string, held: Uint8Array | undefined, given: Uint8Array | undefined): void {
  checkExpected(held !== undefined, given);
  if (!isSameCustomerKey(held, given)) throw encryptionErrors.keyWrong(key);
}

/** @throws HoldfastError `upload.encryption` */
export function demandUploadKey(key: string, held: Uint8Array | undefined, given: Uint8Array | undefined): void {
  try {
    demandKey(key, held, given);
  } catch (error) {
    throw uploadErrors.encryption(error);
  }
}

export function etagOf(bytes: Uint8Array, customerKey: Uint8Array | undefined, md5?: string): string {
  return bodyEtag(hash('md5', bytes), { key: { byCustomer: customerKey !== undefined }, md5 });
}

/** Of a copy under another key: as if its parts had been put anew. */
export function copyEtag(
  bytes: Buffer,
  partSizes: readonly number[] | undefined,
  customerKey: Uint8Array | undefined,
): string {
  if (!partSizes) return etagOf(bytes, customerKey);
  const starts = partSizes.map((_, part) => partSizes.slice(0, part).reduce((sum, size) => sum + size, 0));
  const parts = partSizes.map((size, part) => bytes.subarray(starts[part], (starts[part] ?? 0) + size));
  return multipartEtag(parts.map((part) => ({ etag: etagOf(part, customerKey) })));
}
