import { seal, unseal } from './envelope.ts';

/**
 * The master keys that a process has: the first seals, each opens. It has more than one only while
 * another key takes the place of the first (`master-key.ts`). Nothing says which of them has sealed
 * something: the one that opens it has (AES-GCM authenticates), and they are hardly ever two.
 */
export class Keyring {
  #keys: readonly [Uint8Array, ...Uint8Array[]];

  constructor(...keys: [Uint8Array, ...Uint8Array[]]) {
    this.#keys = keys;
  }

  /** From now on, for all who have the ring. */
  use(...keys: [Uint8Array, ...Uint8Array[]]): void {
    this.#keys = keys;
  }

  seal(plaintext: Uint8Array, context: string): Buffer {
    return seal(this.#keys[0], plaintext, context);
  }

  /** @throws HoldfastError `envelope.broken` when no key has sealed it, or context or bytes are other ones */
  unseal(sealed: Uint8Array, context: string): Buffer {
    const [first, ...earlier] = this.#keys;
    const key = earlier.find((one) => opens(one, sealed, context)) ?? first;
    return unseal(key, sealed, context);
  }

  /** The key that seals now has sealed it. */
  isCurrent(sealed: Uint8Array, context: string): boolean {
    return opens(this.#keys[0], sealed, context);
  }
}

function opens(key: Uint8Array, sealed: Uint8Array, context: string): boolean {
  try {
    unseal(key, sealed, context);
    return true;
  } catch {
    return false;
  }
}
