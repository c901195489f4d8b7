import { randomBytes } from 'node:crypto';
import type { Keyring } from '../../../core/keyring.ts';
import type { BucketRow } from '../catalog/bucket-table.ts';
import { engineErrors } from '../errors.ts';

const KEY_BYTES = 32;
const CONTEXT = 'object store: bucket key';

/**
 * The keys of buckets: random, sealed by the store's master key in the bucket's record.
 * With the record the key is gone, and with it what it has sealed.
 */
export class BucketKeys {
  readonly #keyring: Keyring;
  /** Whatever a bucket's record has said; a write that goes on for long may have the record of before. */
  readonly #unsealed = new Map<string, Buffer>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** As it is kept in a bucket's record. */
  make(): string {
    return this.#seal(randomBytes(KEY_BYTES));
  }

  /** @throws HoldfastError `store.master-key` */
  unseal(sealed: string): Buffer {
    const known = this.#unsealed.get(sealed);
    if (known) return known;
    const key = this.#open(sealed);
    this.#unsealed.set(sealed, key);
    return key;
  }

  /** The same key by the master key that seals now; as it was where that one has sealed it. */
  reseal(sealed: string): string {
    return this.#keyring.isCurrent(Buffer.from(sealed, 'base64'), CONTEXT) ? sealed : this.#seal(this.unseal(sealed));
  }

  #seal(key: Buffer): string {
    return this.#keyring.seal(key, CONTEXT).toString('base64');
  }

  #open(sealed: string): Buffer {
    try {
      return this.#keyring.unseal(Buffer.from(sealed, 'base64'), CONTEXT);
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
