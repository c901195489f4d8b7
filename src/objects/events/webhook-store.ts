import { join } from 'node:path';
import { makeDirectoryDurable, readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import { newId } from '../../core/ids.ts';
import type { Keyring } from '../../core/keyring.ts';
import * as errors from './errors.ts';
import { newSecret } from './signature.ts';

/** Where events go. */
export interface Webhook {
  readonly name: string;
  /** Never used again, unlike the name. */
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly createdAt: number;
}

interface WebhookFile {
  readonly version: 1;
  readonly webhooks: readonly (Omit<Webhook, 'secret'> & { readonly sealedSecret: string })[];
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** The webhooks in one small file, rewritten whole and durably at each change; secrets are sealed by the master key. */
export class WebhookStore {
  readonly #path: string;
  readonly #keyring: Keyring;
  #webhooks: ReadonlyMap<string, Webhook>;
  #lastWrite: Promise<unknown> = Promise.resolve();
  #onChanged: () => Promise<void> = async () => {};

  private constructor(path: string, keyring: Keyring, webhooks: readonly Webhook[]) {
    this.#path = path;
    this.#keyring = keyring;
    this.#webhooks = new Map(webhooks.map((webhook) => [webhook.name, webhook]));
  }

  /**
   * `onChanged` is awaited before a change is answered.
   * @throws HoldfastError `envelope.broken` when no key of the ring is the one that sealed the file
   */
  static async open(
    directory: string,
    keyring: Keyring,
    onChanged: () => Promise<void> = async () => {},
  ): Promise<WebhookStore> {
    await makeDirectoryDurable(directory);
    const path = join(directory, 'webhooks.json');
    const file = await readJsonFile<WebhookFile>(path);
    const webhooks = (file?.webhooks ?? []).map(({ sealedSecret, ...webhook }) => ({
      ...webhook,
      secret: keyring.unseal(Buffer.from(sealedSecret, 'base64'), sealContext(webhook.id)).toString(),
    }));
    const store = new WebhookStore(path, keyring, webhooks);
    store.#onChanged = onChanged;
    return store;
  }

  find(name: string): Webhook | undefined {
    return this.#webhooks.get(name);
  }

  all(): readonly Webhook[] {
    return [...this.#webhooks.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Makes the webhook, or gives a known one another address; its secret stays unless a new one is asked for.
   * @throws HoldfastError `webhook.name`, `webhook.url`
   */
  put(name: string, url: string, { renewSecret = false } = {}): Promise<Webhook> {
    return this.#change(async () => {
      if (!NAME.test(name)) throw errors.webhookName(name);
      checkUrl(url);
      const known = this.#webhooks.get(name);
      const fresh = { name, id: newId('webhook'), createdAt: Date.now(), secret: newSecret() };
      const webhook = { ...fresh, ...known, url, secret: renewSecret ? fresh.secret : (known?.secret ?? fresh.secret) };
      await this.#write(new Map(this.#webhooks).set(name, webhook));
      return webhook;
    });
  }

  remove(name: string): Promise<void> {
    return this.#change(async () => {
      const remaining = new Map(this.#webhooks);
      if (remaining.delete(name)) await this.#write(remaining);
    });
  }

  /** All secrets by the key that seals now; durable when it resolves. Gives how many. */
  reseal(): Promise<number> {
    return this.#change(async () => {
      await this.#write(this.#webhooks);
      return this.#webhooks.size;
    });
  }

  /** One change after the other, so that none is lost; one that fails does not stop the next. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(change);
    this.#lastWrite = result.catch(() => {});
    return result;
  }

  async #write(webhooks: ReadonlyMap<string, Webhook>): Promise<void> {
    const file: WebhookFile = {
      version: 1,
      webhooks: [...webhooks.values()].map(({ secret, ...webhook }) => ({
        ...webhook,
        sealedSecret: this.#keyring.seal(Buffer.from(secret), sealContext(webhook.id)).toString('base64'),
      })),
    };
    await writeFileDurable(this.#path, `${JSON.stringify(file, null, 2)}\n`);
    this.#webhooks = webhooks;
    await this.#onChanged();
  }
}

function sealContext(id: string): string {
  return `webhook ${id}`;
}

function checkUrl(text: string): void {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw errors.webhookUrl(text, 'is no http or https URL');
  if (url.username || url.password) throw errors.webhookUrl(`${url.origin}${url.pathname}`, 'has a user name in it');
}
