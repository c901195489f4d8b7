import { readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import type { Keyring } from '../../core/keyring.ts';
import { accessErrors } from './errors.ts';
import type { Grant, KeyScope } from './key-scope.ts';

export interface StoredKey extends KeyScope {
  readonly secretAccessKey: string;
  readonly createdAt: number;
  readonly description?: string | undefined;
  /** Refused from then on. */
  readonly expiresAt?: number | undefined;
  /** The access key id that its owner has in its place; this one goes on until it expires. */
  readonly replacedBy?: string | undefined;
}

type Sealed<T> = Omit<T, 'secretAccessKey'> & { readonly sealedSecret: string };

/** Before keys had grants: they reached whole buckets. */
interface KeyFile1 {
  readonly version: 1;
  readonly keys: readonly Sealed<Omit<StoredKey, 'grants'> & { readonly buckets: readonly string[] | '*' }>[];
}

interface KeyFile2 {
  readonly version: 2;
  readonly keys: readonly Sealed<StoredKey>[];
}

/** @throws HoldfastError `envelope.broken` when no key of the ring is the one that sealed the file, `access.key-file` */
export async function readKeyFile(path: string, keyring: Keyring): Promise<readonly StoredKey[]> {
  const file = await readJsonFile<KeyFile1 | KeyFile2>(path);
  return sealedKeys(file, path).map(({ sealedSecret, ...key }) => ({
    ...key,
    secretAccessKey: keyring.unseal(Buffer.from(sealedSecret, 'base64'), sealContext(key.accessKeyId)).toString(),
  }));
}

function sealedKeys(file: KeyFile1 | KeyFile2 | undefined, path: string): readonly Sealed<StoredKey>[] {
  if (!file) return [];
  switch (file.version) {
    case 1:
      return file.keys.map(({ buckets, ...key }) => ({
        ...key,
        grants: buckets === '*' ? '*' : wholeBuckets(buckets),
      }));
    case 2:
      return file.keys;
    default:
      throw accessErrors.keyFile(path);
  }
}

/** All of them, to read and to write. */
export function wholeBuckets(buckets: readonly string[]): readonly Grant[] {
  return buckets.map((bucket) => ({ bucket, access: 'read-write' }));
}

/** Replaces the file; durable when it resolves. */
export async function writeKeyFile(path: string, keyring: Keyring, keys: readonly StoredKey[]): Promise<void> {
  const file: KeyFile2 = {
    version: 2,
    keys: keys.map(({ secretAccessKey, ...key }) => ({
      ...key,
      sealedSecret: keyring.seal(Buffer.from(secretAccessKey), sealContext(key.accessKeyId)).toString('base64'),
    })),
  };
  await writeFileDurable(path, `${JSON.stringify(file, null, 2)}\n`);
}

function sealContext(accessKeyId: string): string {
  return `access key ${accessKeyId}`;
}
