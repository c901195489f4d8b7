import { createHash } from 'node:crypto';
import { invalidArgument } from './errors.ts';

/** Of AES-256. */
const KEY_BYTES = 32;

/** A key that the server does not keep, with the MD5 by which it checks what arrives (S3 User Guide, "SSE-C"). */
export interface CustomerKey {
  readonly base64: string;
  readonly md5: string;
}

/** @throws StorageError `InvalidArgument` */
export function customerKeyOf(bytes: Uint8Array | undefined): CustomerKey | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length !== KEY_BYTES)
    throw invalidArgument(`a customer's key has ${KEY_BYTES} bytes, and this one ${bytes.length}`);
  return { base64: Buffer.from(bytes).toString('base64'), md5: createHash('md5').update(bytes).digest('base64') };
}

/** Of requests that write or read an object under the key. */
export function customerKeyHeaders(key: CustomerKey | undefined): Record<string, string> {
  return headersOf('x-amz-server-side-encryption-customer-', key);
}

/** Of requests that copy from an object under the key. */
export function sourceKeyHeaders(key: CustomerKey | undefined): Record<string, string> {
  return headersOf('x-amz-copy-source-server-side-encryption-customer-', key);
}

function headersOf(prefix: string, key: CustomerKey | undefined): Record<string, string> {
  if (key === undefined) return {};
  return { [`${prefix}algorithm`]: 'AES256', [`${prefix}key`]: key.base64, [`${prefix}key-md5`]: key.md5 };
}
