import { createCipheriv, createDecipheriv } from 'node:crypto';
import { HoldfastError } from './errors.ts';
import { pooledRandomBytes } from './random-pool.ts';

const NONCE = 12;
const TAG = 16;

/** AES-256-GCM (NIST SP 800-38D): nonce (12 bytes) · ciphertext · tag (16 bytes). `context` is authenticated, not stored. */
export function seal(key: Uint8Array, plaintext: Uint8Array, context: string): Buffer {
  const nonce = pooledRandomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws HoldfastError `envelope.broken` when key, context or bytes are not those of `seal`. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Buffer {
  const bytes = Buffer.from(sealed);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE)).setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE, bytes.length - TAG)), decipher.final()]);
  } catch (error) {
    throw new HoldfastError({
      code: 'envelope.broken',
      kind: 'internal',
      message: `cannot decrypt ${context}`,
      hint: 'the master key in keys/master.key is not the one that encrypted this data directory; put the right one back',
      cause: error,
    });
  }
}
