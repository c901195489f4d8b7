import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectoryDurable, readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import { seal, unseal } from '../../core/envelope.ts';

/** Whose key it is and what it reaches; `'*'` is an operator's. */
export interface KeyScope {
  readonly accessKeyId: string;
  /** `<app>/<service>`. */
  readonly owner: string;
  readonly buckets: readonly string[] | '*';
}

export interface StoredKey extends KeyScope {
  readonly secretAccessKey: string;
  readonly createdAt: number;
}

/** What authentication needs of the store. */
export interface AccessKeys {
  find(accessKeyId: string): StoredKey | undefined;
}

interface KeyFile {
  readonly version: 1;
  readonly keys: readonly (Omit<StoredKey, 'secretAccessKey'> & { readonly sealedSecret: string })[];
}

/**
 * The access keys of the objects role in one small file, rewritten whole and
 * durably at each change; secrets are sealed by the master key.
 */
export class KeyStore implements AccessKeys {
  readonly #path: string;
  readonly #masterKey: Uint8Array;
  #keys: ReadonlyMap<string, StoredKey>;
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(path: string, masterKey: Uint8Array, keys: readonly StoredKey[]) {
    this.#path = path;
    this.#masterKey = masterKey;
    this.#keys = new Map(keys.map((key) => [key.accessKeyId, key]));
  }

  /** @throws HoldfastError `envelope.broken` when the master key is not the one that sealed the file */
  static async open(directory: string, masterKey: Uint8Array): Promise<KeyStore> {
    await makeDirectoryDurable(directory);
    const path = join(directory, 'access-keys.json');
    const file = await readJsonFile<KeyFile>(path);
    const keys = (file?.keys ?? []).map(({ sealedSecret, ...key }) => ({
      ...key,
      secretAccessKey: unseal(masterKey, Buffer.from(sealedSecret, 'base64'), sealContext(key.accessKeyId)).toString(),
    }));
    return new KeyStore(path, masterKey, keys);
  }

  find(accessKeyId: string): StoredKey | undefined {
    return this.#keys.get(accessKeyId);
  }

  /** The owner's key, made when there is none, its scope brought in line; durable when it resolves. */
  ensure(owner: string, buckets: readonly string[] | '*'): Promise<StoredKey> {
    return this.#change(async () => {
      const known = this.#ofOwner(owner);
      if (known && sameScope(known.buckets, buckets)) return known;
      const key = known ? { ...known, buckets } : newKey(owner, buckets);
      await this.#write([...[...this.#keys.values()].filter((other) => other !== known), key]);
      return key;
    });
  }

  revoke(owner: string): Promise<void> {
    return this.#change(async () => {
      const known = this.#ofOwner(owner);
      if (known) await this.#write([...this.#keys.values()].filter((key) => key !== known));
    });
  }

  #ofOwner(owner: string): StoredKey | undefined {
    return [...this.#keys.values()].find((key) => key.owner === owner);
  }

  /** One change after the other, so that none is lost; one that fails does not stop the next. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(change);
    this.#lastWrite = result.catch(() => {});
    return result;
  }

  /** Memory changes only after the file did: what was answered is what a restart finds. */
  async #write(keys: readonly StoredKey[]): Promise<void> {
    const file: KeyFile = {
      version: 1,
      keys: keys.map(({ secretAccessKey, ...key }) => ({
        ...key,
        sealedSecret: seal(this.#masterKey, Buffer.from(secretAccessKey), sealContext(key.accessKeyId)).toString(
          'base64',
        ),
      })),
    };
    await writeFileDurable(this.#path, `${JSON.stringify(file, null, 2)}\n`);
    this.#keys = new Map(keys.map((key) => [key.accessKeyId, key]));
  }
}

/** 20 and 40 characters, as clients expect of S3 keys; 80 and 240 random bits. */
function newKey(owner: string, buckets: readonly string[] | '*'): StoredKey {
  return {
    accessKeyId: `HFAK${base32(randomBytes(16))}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
    owner,
    buckets,
    createdAt: Date.now(),
  };
}

function base32(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte & 31]).join('');
}

function sealContext(accessKeyId: string): string {
  return `access key ${accessKeyId}`;
}

function sameScope(a: readonly string[] | '*', b: readonly string[] | '*'): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
