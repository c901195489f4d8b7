import type { ObjectEncryption } from '../../store/object.ts';

/** An object's key as a record keeps it. */
export interface SealedKey {
  readonly bytes: Buffer;
  /** Sealed by the customer's key before the bucket's. */
  readonly byCustomer: boolean;
}

/** Each sealing takes a nonce of 12 bytes and a tag of 16 (`core/envelope.ts`). */
const SEALED_BYTES = 32 + 28;
const SEALED_TWICE_BYTES = SEALED_BYTES + 28;

export function sealedKeyBytes(byCustomer: boolean): number {
  return byCustomer ? SEALED_TWICE_BYTES : SEALED_BYTES;
}

/** What the key of a version is bound to: its bytes cannot be exchanged, cut or put into another order unseen. */
export interface BoundFacts {
  readonly etag: string;
  readonly size: number;
  readonly files: readonly { readonly id: number; readonly size: number }[];
}

export function versionSubject(key: string, { etag, size, files }: BoundFacts): string {
  return `version ${etag} ${size} ${files.map((file) => `${file.id}+${file.size}`).join(',')} ${key}`;
}

export function uploadSubject(key: string): string {
  return `upload ${key}`;
}

export function encryptionOf(sealed: Pick<SealedKey, 'byCustomer'> | undefined): ObjectEncryption | undefined {
  return sealed && (sealed.byCustomer ? 'customer' : 'managed');
}

/** Sealed keys in heads that are JSON. */
export interface StoredSealedKey {
  readonly bytes: string;
  readonly byCustomer: boolean;
}

export function storeSealedKey({ bytes, byCustomer }: SealedKey): StoredSealedKey {
  return { bytes: bytes.toString('base64'), byCustomer };
}

export function readSealedKey({ bytes, byCustomer }: StoredSealedKey): SealedKey {
  return { bytes: Buffer.from(bytes, 'base64'), byCustomer };
}
