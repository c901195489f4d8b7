import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { makeDirectoryDurable } from '../../core/durable-files.ts';
import type { Keyring } from '../../core/keyring.ts';
import type { Logger } from '../../core/log.ts';
import { accessErrors } from './errors.ts';
import { KeyFile, type StoredKey } from './key-file.ts';
import { type AccessKeys, hasExpired } from './valid-key.ts';

type Grants = StoredKey['grants'];

/** How long an expired key is listed, and its clients told that it has expired and not that it never was. */
const KEEP_EXPIRED_MS = 7 * 24 * 3600_000;

interface KeyStoreOptions {
  readonly clock?: Clock | undefined;
  readonly log?: Logger | undefined;
  /** Called after a change, which is answered when it has resolved. */
  readonly onChanged?: (() => Promise<void>) | undefined;
}

/**
 * The access keys of the objects role in one small file, rewritten whole and
 * durably at each change; secrets are sealed by the master key.
 */
export class KeyStore implements AccessKeys {
  readonly #file: KeyFile;
  readonly #clock: Clock;
  readonly #onChanged: (() => Promise<void>) | undefined;
  #keys: ReadonlyMap<string, StoredKey> = new Map();
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(file: KeyFile, { clock = systemClock, onChanged }: KeyStoreOptions) {
    this.#file = file;
    this.#clock = clock;
    this.#onChanged = onChanged;
  }

  /** @throws HoldfastError `envelope.broken` when no key of the ring is the one that sealed the file, `access.key-file` */
  static async open(directory: string, keyring: Keyring, options: KeyStoreOptions = {}): Promise<KeyStore> {
    await makeDirectoryDurable(directory);
    const store = new KeyStore(new KeyFile(join(directory, 'access-keys.json'), keyring, options.log), options);
    store.#keys = byId(await store.#file.read());
    return store;
  }

  /** Expired ones too. */
  find(accessKeyId: string): StoredKey | undefined {
    return this.#keys.get(accessKeyId);
  }

  list(): readonly StoredKey[] {
    return [...this.#keys.values()];
  }

  /**
   * The owner's newest key, made when there is none that is valid; durable when it resolves.
   * Older ones that are still valid are brought in line with `grants` as well.
   */
  ensure(owner: string, grants: Grants): Promise<StoredKey> {
    return this.#change(async () => {
      const valid = this.list().filter((key) => key.owner === owner && !hasExpired(key, this.#clock.now()));
      const current = valid.find((key) => key.replacedBy === undefined);
      if (current && valid.every((key) => sameGrants(key.grants, grants))) return current;
      const made = current ? { ...current, grants } : this.#newKey({ owner, grants });
      const older = valid.filter((key) => key !== current).map((key) => ({ ...key, grants }));
      await this.#replace([...older, made]);
      return made;
    });
  }

  create(options: Pick<StoredKey, 'grants' | 'description' | 'expiresAt'>): Promise<StoredKey> {
    return this.#change(async () => {
      const key = this.#newKey({ ...options, owner: `key:${base32(8).toLowerCase()}` });
      await this.#replace([key]);
      return key;
    });
  }

  /**
   * A second key of the same owner; the first goes on for `graceMs`. A key that expires gets a successor of the same lifetime.
   * @throws HoldfastError `access.key-not-found`, `access.key-replaced`
   */
  rotate(accessKeyId: string, graceMs: number): Promise<StoredKey> {
    return this.#change(async () => {
      const now = this.#clock.now();
      const old = this.#require(accessKeyId);
      if (old.replacedBy !== undefined) throw accessErrors.keyReplaced(accessKeyId, old.replacedBy);
      const { owner, grants, description, createdAt, expiresAt } = old;
      const lifetime = expiresAt === undefined ? undefined : expiresAt - createdAt;
      const key = this.#newKey({ owner, grants, description, expiresAt: lifetime && now + lifetime });
      const lastsUntil = Math.min(now + graceMs, expiresAt ?? Number.POSITIVE_INFINITY);
      await this.#replace([{ ...old, expiresAt: lastsUntil, replacedBy: key.accessKeyId }, key]);
      return key;
    });
  }

  /** At once. @throws HoldfastError `access.key-not-found` */
  revoke(accessKeyId: string): Promise<void> {
    return this.#change(async () => {
      const revoked = this.#require(accessKeyId);
      await this.#write(this.list().filter((key) => key !== revoked));
    });
  }

  /** All that the owner has, at once. None is no error. */
  revokeOwner(owner: string): Promise<void> {
    return this.#change(async () => {
      const others = this.list().filter((key) => key.owner !== owner);
      if (others.length < this.#keys.size) await this.#write(others);
    });
  }

  /**
   * A bucket of the same name may be somebody else's: keys that people hold do not reach it.
   * What services reach is control's to say (`ensure`).
   */
  forgetBucket(bucket: string): Promise<void> {
    return this.#change(async () => {
      const kept = this.list().map((key) => (isOfService(key) ? key : withoutBucket(key, bucket)));
      const useful = kept.filter((key) => isOfService(key) || key.grants.length > 0);
      if (useful.length < kept.length || kept.some((key) => key !== this.find(key.accessKeyId)))
        await this.#write(useful);
    });
  }

  /** All secrets by the key that seals now; durable when it resolves. Gives how many. */
  reseal(): Promise<number> {
    return this.#change(async () => {
      await this.#write(this.list());
      return this.#keys.size;
    });
  }

  #require(accessKeyId: string): StoredKey {
    const key = this.#keys.get(accessKeyId);
    if (!key) throw accessErrors.keyNotFound(accessKeyId);
    return key;
  }

  /** 20 and 40 characters, as clients expect of S3 keys; 80 and 240 random bits. */
  #newKey(options: Pick<StoredKey, 'owner' | 'grants' | 'description' | 'expiresAt'>): StoredKey {
    return {
      ...options,
      accessKeyId: `HFAK${base32(16)}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
      createdAt: this.#clock.now(),
    };
  }

  /** One change after the other, so that none is lost; one that fails does not stop the next. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(change);
    this.#lastWrite = result.catch(() => {});
    return result;
  }

  #replace(changed: readonly StoredKey[]): Promise<void> {
    return this.#write([...new Map([...this.#keys, ...byId(changed)]).values()]);
  }

  /** Memory changes only after the file did: what was answered is what a restart finds. */
  async #write(keys: readonly StoredKey[]): Promise<void> {
    const forgotten = this.#clock.now() - KEEP_EXPIRED_MS;
    const kept = keys.filter((key) => !hasExpired(key, forgotten));
    await this.#file.write(kept);
    this.#keys = byId(kept);
    await this.#onChanged?.();
  }
}

function byId(keys: readonly StoredKey[]): ReadonlyMap<string, StoredKey> {
  return new Map(keys.map((key) => [key.accessKeyId, key]));
}

function isOfService({ owner }: StoredKey): boolean {
  return owner.includes('/');
}

function withoutBucket(key: StoredKey, bucket: string): StoredKey {
  if (key.grants === '*' || !key.grants.some((grant) => grant.bucket === bucket)) return key;
  return { ...key, grants: key.grants.filter((grant) => grant.bucket !== bucket) };
}

function base32(length: number): string {
  return Array.from(randomBytes(length), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte & 31]).join('');
}

function sameGrants(a: Grants, b: Grants): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
