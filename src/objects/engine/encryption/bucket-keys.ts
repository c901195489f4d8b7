import { randomBytes } from 'node:crypto';
import { isHoldfastCode } from '../../../core/errors.ts';
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

  /** `undefined`: no master key that is there has sealed it; it is lost unless the one that has comes back. */
  unseal(sealed: string): Buffer | undefined {
    const known = this.#unsealed.get(sealed);
    if (known) return known;
    const key = this.#open(sealed);
    if (key) this.#unsealed.set(sealed, key);
    return key;
  }

  /** The same key by the master key that seals now; as it was where that one has sealed it, or none that is there. */
  reseal(sealed: string): string {
    if (this.#keyring.isCurrent(Buffer.from(sealed, 'base64'), CONTEXT)) return sealed;
    const key = this.unseal(sealed);
    return key ? this.#seal(key) : sealed;
  }

  #seal(key: Buffer): string {
    return this.#keyring.seal(key, CONTEXT).toString('base64');
  }

  #open(sealed: string): Buffer | undefined {
    try {
      return this.#keyring.unseal(Buffer.from(sealed, 'base64'), CONTEXT);
    } catch (error) {
      if (!isHoldfastCode(error, 'envelope.broken')) throw error;
      return undefined;
    }
  }

  /** Of these buckets, those whose key is lost. */
  lost(buckets: readonly BucketRow[]): readonly BucketRow[] {
    return buckets.filter(({ sealedKey }) => sealedKey !== undefined && !this.unseal(sealedKey));
  }
}

interface MasterKeyCheck {
  readonly keys: BucketKeys | undefined;
  /** It is known from elsewhere that the master key is the right one. */
  readonly isConfirmed: boolean;
}

/**
 * Refuses a store that could be opened but not read. One key that opens proves the master key: then those that do not
 * are lost, by themselves.
 * @throws HoldfastError `store.master-key`
 */
export function checkMasterKey(buckets: readonly BucketRow[], { keys, isConfirmed }: MasterKeyCheck): void {
  const sealed = buckets.filter(({ sealedKey }) => sealedKey !== undefined);
  if (sealed.length === 0) return;
  if (!keys) throw engineErrors.masterKey('is missing');
  if (!isConfirmed && keys.lost(sealed).length === sealed.length) {
    throw engineErrors.masterKey('is not the one that encrypted it');
  }
}
