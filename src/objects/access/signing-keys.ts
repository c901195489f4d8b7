import type { KeyObject } from 'node:crypto';
import { type CredentialScope, deriveSigningKey, scopeText } from './signature-v4.ts';

/** Derived keys by (access key, date, region, service): four HMACs less a request. Secrets of a key never change. */
export class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();
  readonly #limit: number;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  get(accessKeyId: string, secret: string, scope: CredentialScope): KeyObject {
    const name = `${accessKeyId}/${scopeText(scope)}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const key = deriveSigningKey(secret, scope);
    this.#keys.set(name, key);
    if (this.#keys.size > this.#limit) this.#keys.delete(this.#keys.keys().next().value ?? name);
    return key;
  }
}
