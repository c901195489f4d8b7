import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyring } from '../../src/core/keyring.ts';
import { createLogger } from '../../src/core/log.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { BucketEvents, type BucketEventsOptions } from '../../src/objects/events/bucket-events.ts';
import type { NotificationRule } from '../../src/objects/events/notification-rules.ts';
import { createWebhookAdmin } from '../../src/objects/events/webhook-admin.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import type { ObjectInfo } from '../../src/objects/store/object.ts';
import type { WebhookAdmin } from '../../src/objects/webhook-contract.ts';
import { TestClock } from './test-clock.ts';

/** Every event, to the webhook `hook`. */
export const everyEvent: NotificationRule = {
  id: 'all',
  as: 'queue',
  webhook: 'hook',
  events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
  prefix: '',
  suffix: '',
};

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly name: string;
  readonly key: string;
}

const keyring = new Keyring(randomBytes(32));
const metadata = { contentType: 'text/plain', headers: {}, user: {} };

/** The events of a store in memory with the bucket `data`, and an endpoint that receives them. */
export class TestEvents implements AsyncDisposable {
  readonly store = new MemoryObjectStore();
  readonly clock = new TestClock();
  readonly received: Received[] = [];
  /** The status that each request is answered with. */
  answer: (request: Received) => number | Promise<number> = () => 204;
  readonly directory: string;
  readonly #server: Server;
  #events: BucketEvents | undefined;

  private constructor(directory: string) {
    this.directory = directory;
    this.#server = createServer(async (req, res) => {
      const body = (await req.toArray()).join('');
      const { eventName, s3 } = JSON.parse(body).Records?.[0] ?? {};
      const request = { headers: req.headers, body, name: eventName, key: s3?.object.key };
      this.received.push(request);
      res.writeHead(await this.answer(request), { location: '/elsewhere' }).end('said by the receiver');
    });
  }

  static async start(): Promise<TestEvents> {
    const bench = new TestEvents(await mkdtemp(join(tmpdir(), 'holdfast-events-')));
    await new Promise<void>((resolve) => bench.#server.listen(0, '127.0.0.1', resolve));
    await bench.store.createBucket('data');
    await bench.restart();
    return bench;
  }

  async stop(): Promise<void> {
    await this.#events?.close();
    this.#events = undefined;
  }

  async restart(options: Partial<BucketEventsOptions> = {}): Promise<void> {
    await this.stop();
    this.#events = await BucketEvents.start({
      store: this.store,
      directory: this.directory,
      keyring,
      region: 'local',
      log: createLogger('objects', 'silent'),
      allow: ['127.0.0.0/8'],
      clock: this.clock,
      schedule: { initialMs: 1000, maxMs: 3_600_000, giveUpAfterMs: 24 * 3_600_000, random: () => 0.5 },
      ...options,
    });
  }

  get events(): BucketEvents {
    if (!this.#events) throw new Error('the events are stopped');
    return this.#events;
  }

  get admin(): WebhookAdmin {
    return createWebhookAdmin(this.events, () => this.store.buckets());
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/events`;
  }

  /** What was received, in order. */
  said(): string[] {
    return this.received.map(({ name, key }) => `${name} ${key}`);
  }

  counts() {
    return this.events.queue.counts('hook');
  }

  put(key: string, bucket = 'data'): Promise<ObjectInfo> {
    return this.store.put({ bucket, key, body: bytesOf('hello'), metadata });
  }

  /** Of the bucket `data`. */
  async rules(...changes: readonly Partial<NotificationRule>[]): Promise<void> {
    const rules = changes.map((change, i) => ({ ...everyEvent, id: `${i}`, ...change }));
    await this.store.updateBucket('data', { documents: { notification: JSON.stringify(rules) } });
  }

  /** Returns the webhook's secret. */
  async hook(): Promise<string> {
    const { secret = '' } = await this.admin.putWebhook({ name: 'hook', url: this.url });
    return secret;
  }

  until(what: string, condition: () => boolean): Promise<unknown> {
    return waitUntil(condition, { timeoutMs: 60_000, intervalMs: 5, what });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.directory, { recursive: true });
  }
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
