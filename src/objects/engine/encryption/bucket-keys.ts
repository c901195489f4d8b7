import { randomBytes } from 'node:crypto';
import { seal, unseal } from '../../../core/envelope.ts';
import type { BucketRow } from '../catalog/bucket-table.ts';
import { engineErrors } from '../errors.ts';

const KEY_BYTES = 32;
const CONTEXT = 'object store: bucket key';

/**
 * The keys of buckets: random, sealed by the store's master key in the bucket's record.
 * With the record the key is gone, and with it what it has sealed.
 */
export class BucketKeys {
  readonly #masterKey: Uint8Array;
  readonly #unsealed = new Map<string, Buffer>();

  constructor(masterKey: Uint8Array) {
    this.#masterKey = masterKey;
  }

  /** As it is kept in a bucket's record. */
  make(): string {
    return seal(this.#masterKey, randomBytes(KEY_BYTES), CONTEXT).toString('base64');
  }

  /** @throws HoldfastError `store.master-key` */
  unseal(sealed: string): Buffer {
    const known = this.#unsealed.get(sealed);
    if (known) return known;
    const key = this.#open(sealed);
    this.#unsealed.set(sealed, key);
    return key;
  }

  #open(sealed: string): Buffer {
    try {
      return unseal(this.#masterKey, Buffer.from(sealed, 'base64'), CONTEXT);
    } catch (error) {
      throw engineErrors.masterKey('is not the one that encrypted it', error);
    }
  }
}

/**
 * Refuses a store that could be opened but not read.
 * @throws HoldfastError `store.master-key`
 */
export function checkMasterKey(keys: BucketKeys | undefined, buckets: readonly BucketRow[]): void {
  for (const { sealedKey } of buckets) {
    if (sealedKey === undefined) continue;
    if (!keys) throw engineErrors.masterKey('is missing');
    keys.unseal(sealedKey);
  }
}
