import { KeptFile } from '../../core/kept-file.ts';
import type { Keyring } from '../../core/keyring.ts';
import type { Logger } from '../../core/log.ts';
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

/** The keys on the disk, their secrets sealed. */
export class KeyFile {
  readonly #file: KeptFile<KeyFile1 | KeyFile2>;
  readonly #keyring: Keyring;

  constructor(path: string, keyring: Keyring, log?: Logger) {
    this.#file = new KeptFile(path, { log, isContent: ({ keys }) => Array.isArray(keys) });
    this.#keyring = keyring;
  }

  /** @throws HoldfastError `envelope.broken` when no key of the ring is the one that sealed the file, `access.key-file` */
  async read(): Promise<readonly StoredKey[]> {
    return sealedKeys(await this.#file.read(), this.#file.path).map(({ sealedSecret, ...key }) => ({
      ...key,
      secretAccessKey: this.#keyring
        .unseal(Buffer.from(sealedSecret, 'base64'), sealContext(key.accessKeyId))
        .toString(),
    }));
  }

  /** Replaces the file; durable when it resolves. */
  async write(keys: readonly StoredKey[]): Promise<void> {
    const sealed = keys.map(({ secretAccessKey, ...key }) => ({
      ...key,
      sealedSecret: this.#keyring.seal(Buffer.from(secretAccessKey), sealContext(key.accessKeyId)).toString('base64'),
    }));
    await this.#file.write({ version: 2, keys: sealed });
  }
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

function sealContext(accessKeyId: string): string {
  return `access key ${accessKeyId}`;
}
