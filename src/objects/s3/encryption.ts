import { createHash } from 'node:crypto';
import type { Bucket } from '../store/bucket.ts';
import { encryptionErrors } from '../store/errors/encryption-errors.ts';
import type { CustomerKey, ObjectInfo } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { bucketEncryption } from './configuration/bucket-encryption.ts';
import { s3Errors } from './errors.ts';

type Headers = ReadonlyMap<string, string>;

export const MANAGED = 'x-amz-server-side-encryption';
const KMS_KEY = 'x-amz-server-side-encryption-aws-kms-key-id';
const CUSTOMER = keyHeaders('x-amz-server-side-encryption-customer-');
const SOURCE = keyHeaders('x-amz-copy-source-server-side-encryption-customer-');
/** The one algorithm of both (S3 User Guide, "Protecting data with encryption"). */
const ALGORITHM = 'AES256';
const KEY_BYTES = 32;

/**
 * The key of the object that is read or written (SSE-C). S3 wants HTTPS for it; behind a
 * proxy that ends TLS this listener speaks plain HTTP, so it is taken on any connection.
 * @throws HoldfastError `s3.invalid-argument`, `s3.invalid-encryption-algorithm`
 */
export function readCustomerKey(headers: Headers): CustomerKey {
  return { customerKey: keyOf(headers, CUSTOMER) };
}

/**
 * As `readCustomerKey`, where nothing is written: "Encryption request headers, like x-amz-server-side-encryption,
 * should not be sent" (S3 API Reference, GetObject).
 */
export function readReadersKey(headers: Headers): CustomerKey {
  if (headers.has(MANAGED)) throw s3Errors.invalidArgument(`${MANAGED} is not supported for this operation`);
  return readCustomerKey(headers);
}

/** As `readCustomerKey`, of the object that is copied. */
export function readSourceKey(headers: Headers): CustomerKey {
  return { customerKey: keyOf(headers, SOURCE) };
}

/**
 * Of what is to be written.
 * @throws HoldfastError as `readCustomerKey`; `s3.not-implemented`, `s3.sse-c-blocked`
 */
export function requestedEncryption(headers: Headers, store: ObjectStore, bucket: Bucket): CustomerKey {
  const managed = headers.get(MANAGED);
  const { customerKey } = readCustomerKey(headers);
  if (managed !== undefined && customerKey) {
    throw s3Errors.invalidArgument("a customer's key is incompatible with the encryption method specified");
  }
  if (headers.has(KMS_KEY) && !isKms(managed)) {
    throw s3Errors.invalidArgument(`a key of a KMS requires ${MANAGED}: aws:kms`);
  }
  if (managed !== undefined) checkManaged(managed, store);
  if (customerKey && bucketEncryption(bucket).blocksCustomerKeys) {
    throw s3Errors.customerKeysBlocked("the bucket does not take objects under customers' keys (SSE-C)");
  }
  return { customerKey };
}

/** Whether a copy onto itself asks for another encryption: reason enough for one. */
export function changesEncryption(headers: Headers): boolean {
  return headers.has(MANAGED) || headers.has(CUSTOMER.algorithm) || headers.has(SOURCE.algorithm);
}

/** What an answer says about the object, the upload or the part. */
export function encryptionAnswer(
  { encryption }: Pick<ObjectInfo, 'encryption'>,
  headers: Headers,
): Record<string, string> {
  if (encryption === 'managed') return { [MANAGED]: ALGORITHM };
  const md5 = headers.get(CUSTOMER.md5);
  if (encryption === undefined || md5 === undefined) return {};
  return { [CUSTOMER.algorithm]: ALGORITHM, [CUSTOMER.md5]: md5 };
}

/** S3 tells nothing of such an object without its key, HeadObject too. @throws HoldfastError `encryption.key-missing` */
export function demandCustomerKey({ encryption }: ObjectInfo, { customerKey }: CustomerKey): void {
  if (encryption !== 'customer' || customerKey) return;
  throw encryptionErrors.keyMissing();
}

export function isKms(method: string | undefined): boolean {
  return method === 'aws:kms' || method === 'aws:kms:dsse';
}

function checkManaged(method: string, store: ObjectStore): void {
  if (isKms(method)) {
    throw s3Errors.notImplemented('there is no KMS; the encryption of the store itself is AES256');
  }
  if (method !== ALGORITHM) throw s3Errors.invalidArgument('the encryption method specified is not supported');
  if (!store.encrypts) throw s3Errors.notImplemented('this store was opened without a master key');
}

type KeyHeaders = Readonly<Record<'algorithm' | 'key' | 'md5', string>>;

function keyHeaders(prefix: string): KeyHeaders {
  return { algorithm: `${prefix}algorithm`, key: `${prefix}key`, md5: `${prefix}key-md5` };
}

function keyOf(headers: Headers, names: KeyHeaders): Uint8Array | undefined {
  const algorithm = headers.get(names.algorithm);
  const key = headers.get(names.key);
  const md5 = headers.get(names.md5);
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (algorithm === undefined || key === undefined || md5 === undefined) {
    throw s3Errors.invalidArgument("a customer's key takes an algorithm, a key and the MD5 of the key");
  }
  if (algorithm !== ALGORITHM) {
    throw s3Errors.invalidEncryptionAlgorithm(
      'The encryption request you specified is not valid. The valid value is AES256.',
    );
  }
  return checkedKey(key, md5);
}

function checkedKey(base64: string, md5: string): Uint8Array {
  const key = Buffer.from(base64, 'base64');
  if (key.length !== KEY_BYTES) {
    throw s3Errors.invalidArgument('The secret key was invalid for the specified algorithm.');
  }
  if (createHash('md5').update(key).digest('base64') !== md5) {
    throw s3Errors.invalidArgument('The calculated MD5 hash of the key did not match the hash that was provided.');
  }
  return key;
}
