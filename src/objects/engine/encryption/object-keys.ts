import { seal, unseal } from '../../../core/envelope.ts';
import { isHoldfastCode } from '../../../core/errors.ts';
import { pooledRandomBytes } from '../../../core/random-pool.ts';
import { checkCustomerKey, checkExpected } from '../../store/customer-key.ts';
import { bucketErrors } from '../../store/errors/bucket-errors.ts';
import { encryptionErrors } from '../../store/errors/encryption-errors.ts';
import { objectErrors } from '../../store/errors/object-errors.ts';
import { uploadErrors } from '../../store/errors/upload-errors.ts';
import type { BucketRow, BucketTable } from '../catalog/bucket-table.ts';
import type { VersionHead } from '../catalog/version.ts';
import type { BucketKeys } from './bucket-keys.ts';
import { sealByCustomer, unsealByCustomer } from './customer-key.ts';
import { type BoundFacts, type SealedKey, uploadSubject, versionSubject } from './sealed-key.ts';

const KEY_BYTES = 32;

/** Encrypts the bytes of one object. */
export interface DataKey {
  readonly data: Buffer;
  readonly byCustomer: boolean;
}

/** With what the bucket's key seals: `data`, or `data` as the customer's key seals it. */
export interface ObjectKey extends DataKey {
  readonly wrapped: Buffer;
}

/** What has the key: an object, or an upload to it. */
export interface KeyOwner {
  readonly bucket: BucketRow;
  readonly key: string;
}

interface ObjectKeysOptions {
  /** `undefined`: the store does not encrypt. */
  readonly bucketKeys: BucketKeys | undefined;
  readonly buckets: Pick<BucketTable, 'byId'>;
  /** Gives a bucket of an older store its key; durable when it resolves. */
  readonly giveKey: (bucket: BucketRow) => Promise<void>;
}

/**
 * Keys of objects. Each is random, and sealed by its bucket's key together with its
 * subject, what it is the key of: no other record can carry it. Where the customer
 * brings a key, that one seals it first: nobody reads the object without it, and
 * completing an upload still needs only the bucket's.
 */
export class ObjectKeys {
  readonly #options: ObjectKeysOptions;

  constructor(options: ObjectKeysOptions) {
    this.#options = options;
  }

  get encrypts(): boolean {
    return this.#options.bucketKeys !== undefined;
  }

  /**
   * A new one, or the one of a copy that shares `data`; `undefined` where the store does not encrypt.
   * @throws HoldfastError `encryption.unavailable`, `encryption.key`, `bucket.key-lost`
   */
  async make({ bucket, key }: KeyOwner, customerKey?: Uint8Array, data?: Buffer): Promise<ObjectKey | undefined> {
    if (customerKey) checkCustomerKey(customerKey);
    if (!this.encrypts) {
      if (customerKey) throw encryptionErrors.unavailable();
      return undefined;
    }
    if (bucket.sealedKey === undefined) await this.#options.giveKey(bucket);
    this.#bucketKey(bucket); // before any bytes are taken
    const actual = data ?? pooledRandomBytes(KEY_BYTES);
    const wrapped = customerKey ? sealByCustomer(customerKey, actual, key) : actual;
    return { data: actual, wrapped, byCustomer: customerKey !== undefined };
  }

  sealVersion(owner: KeyOwner, facts: BoundFacts, objectKey: ObjectKey | undefined): SealedKey | undefined {
    return objectKey && this.#seal(owner, versionSubject(owner.key, facts), objectKey);
  }

  sealUpload(owner: KeyOwner, objectKey: ObjectKey | undefined): SealedKey | undefined {
    return objectKey && this.#seal(owner, uploadSubject(owner.key), objectKey);
  }

  /** The upload's key becomes the object's. */
  sealCompleted(owner: KeyOwner, facts: BoundFacts, sealed: SealedKey | undefined): SealedKey | undefined {
    if (!sealed) return undefined;
    const wrapped = this.#unwrap(owner, sealed, uploadSubject(owner.key));
    return this.#seal(owner, versionSubject(owner.key, facts), { wrapped, byCustomer: sealed.byCustomer });
  }

  /** @throws HoldfastError `encryption.key-missing`, `encryption.key-needless`, `encryption.key-wrong`, `object.damaged`, `bucket.key-lost` */
  openVersion(owner: KeyOwner, version: VersionHead, customerKey: Uint8Array | undefined): DataKey | undefined {
    const { sealedKey } = version;
    checkExpected(sealedKey?.byCustomer ?? false, customerKey);
    if (!sealedKey) return undefined;
    const wrapped = this.#unwrap(owner, sealedKey, versionSubject(owner.key, version));
    return { data: unwrapData(owner, wrapped, customerKey), byCustomer: sealedKey.byCustomer };
  }

  /** @throws HoldfastError `upload.encryption`, `object.damaged`, `bucket.key-lost` */
  openUpload(owner: KeyOwner, sealed: SealedKey | undefined, customerKey?: Uint8Array): DataKey | undefined {
    try {
      checkExpected(sealed?.byCustomer ?? false, customerKey);
      if (!sealed) return undefined;
      const wrapped = this.#unwrap(owner, sealed, uploadSubject(owner.key));
      return { data: unwrapData(owner, wrapped, customerKey), byCustomer: sealed.byCustomer };
    } catch (error) {
      if (['object.damaged', 'bucket.key-lost'].some((code) => isHoldfastCode(error, code))) throw error;
      throw uploadErrors.encryption(error);
    }
  }

  /**
   * Of what is sealed by a key that is lost: the key may come back, and who cannot read it cannot know what goes.
   * @throws HoldfastError `bucket.key-lost`
   */
  checkNotLost(bucket: BucketRow, sealed: SealedKey | undefined): void {
    if (sealed) this.#bucketKey(bucket);
  }

  #seal({ bucket }: KeyOwner, subject: string, { wrapped, byCustomer }: Omit<ObjectKey, 'data'>): SealedKey {
    return { bytes: seal(this.#bucketKey(bucket), wrapped, subject), byCustomer };
  }

  #unwrap({ bucket, key }: KeyOwner, sealed: SealedKey, subject: string): Buffer {
    try {
      return unseal(this.#bucketKey(bucket), sealed.bytes, subject);
    } catch (error) {
      if (!isHoldfastCode(error, 'envelope.broken')) throw error;
      throw objectErrors.damaged(`the key of ${key} in bucket ${bucket.bucket.name}`, 'does not belong to its object');
    }
  }

  /** The caller's row may be of a time before the bucket had one. */
  #bucketKey({ id, bucket, sealedKey }: BucketRow): Buffer {
    const { bucketKeys, buckets } = this.#options;
    const present = sealedKey === undefined ? buckets.byId(id) : { sealedKey };
    if (!present) throw bucketErrors.notFound(bucket.name);
    const key = present.sealedKey === undefined ? undefined : bucketKeys?.unseal(present.sealedKey);
    if (!key) throw bucketErrors.keyLost(bucket.name);
    return key;
  }
}

function unwrapData({ key }: KeyOwner, wrapped: Buffer, customerKey: Uint8Array | undefined): Buffer {
  return customerKey ? unsealByCustomer(customerKey, wrapped, key) : wrapped;
}
