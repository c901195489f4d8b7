import { join } from 'node:path';
import { makeDirectoryDurable } from '../../core/durable-files.ts';
import { newId } from '../../core/ids.ts';
import { KeptFile } from '../../core/kept-file.ts';
import type { Keyring } from '../../core/keyring.ts';
import type { Logger } from '../../core/log.ts';
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

interface WebhookStoreOptions {
  readonly keyring: Keyring;
  readonly log?: Logger | undefined;
  /** Awaited before a change is answered. */
  readonly onChanged?: (() => Promise<void>) | undefined;
}

interface WebhookStoreParts extends WebhookStoreOptions {
  readonly file: KeptFile<WebhookFile>;
}

interface Known {
  readonly webhooks: readonly Webhook[];
  readonly isIncomplete: boolean;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** The webhooks in one small file, rewritten whole and durably at each change; secrets are sealed by the master key. */
export class WebhookStore {
  readonly #file: KeptFile<WebhookFile>;
  readonly #keyring: Keyring;
  /**
   * Some were lost: buckets and the queue may name others than those there are, which come back
   * when somebody makes them again.
   */
  readonly isIncomplete: boolean;
  #webhooks: ReadonlyMap<string, Webhook>;
  #lastWrite: Promise<unknown> = Promise.resolve();
  readonly #onChanged: () => Promise<void>;

  private constructor(
    { file, keyring, onChanged = async () => {} }: WebhookStoreParts,
    { webhooks, isIncomplete }: Known,
  ) {
    this.#file = file;
    this.#keyring = keyring;
    this.#onChanged = onChanged;
    this.#webhooks = new Map(webhooks.map((webhook) => [webhook.name, webhook]));
    this.isIncomplete = isIncomplete;
  }

  /** @throws HoldfastError `envelope.broken` when no key of the ring is the one that sealed the file */
  static async open(directory: string, { keyring, log, onChanged }: WebhookStoreOptions): Promise<WebhookStore> {
    await makeDirectoryDurable(directory);
    const isContent = ({ webhooks }: Partial<WebhookFile>) => Array.isArray(webhooks);
    const file = new KeptFile<WebhookFile>(join(directory, 'webhooks.json'), { log, isContent });
    const sealed = (await file.read())?.webhooks ?? [];
    const webhooks = sealed.map(({ sealedSecret, ...webhook }) => ({
      ...webhook,
      secret: keyring.unseal(Buffer.from(sealedSecret, 'base64'), sealContext(webhook.id)).toString(),
    }));
    return new WebhookStore({ file, keyring, onChanged }, { webhooks, isIncomplete: await file.isMissing() });
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
    await this.#file.write(file);
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
