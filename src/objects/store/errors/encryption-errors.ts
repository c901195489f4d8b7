import { HoldfastError } from '../../../core/errors.ts';

/** What the store refuses of customers' keys. Codes are stable. */
export const encryptionErrors = {
  unavailable: () =>
    new HoldfastError({
      code: 'encryption.unavailable',
      kind: 'not-implemented',
      message: 'this object store was opened without a master key and does not encrypt',
      hint: 'give the store a master key',
    }),
  keyLength: (length: number, expected: number) =>
    new HoldfastError({
      code: 'encryption.key',
      kind: 'invalid',
      message: `the customer's key has ${length} bytes, not ${expected}`,
      hint: 'use a key for AES-256',
    }),
  keyMissing: () =>
    new HoldfastError({
      code: 'encryption.key-missing',
      kind: 'invalid',
      message: "the object is encrypted with a customer's key, which must be given to read it",
      hint: 'give the key that the object was stored with',
    }),
  keyNeedless: () =>
    new HoldfastError({
      code: 'encryption.key-needless',
      kind: 'invalid',
      message: "the object is not encrypted with a customer's key",
      hint: 'read it without one',
    }),
  keyWrong: (key: string) =>
    new HoldfastError({
      code: 'encryption.key-wrong',
      kind: 'forbidden',
      message: `the customer's key is not the one that ${key} was stored with`,
      hint: 'give the key that the object was stored with; without it nobody can read the object',
    }),
};
