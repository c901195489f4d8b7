import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { createLogger } from '../../core/log.ts';
import { waitUntil } from '../../core/retry.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { WebhookAdmin } from '../webhook-contract.ts';
import { BucketEvents, type BucketEventsOptions } from './bucket-events.ts';
import type { NotificationRule } from './notification-rules.ts';
import { createWebhookAdmin } from './webhook-admin.ts';

const masterKey = randomBytes(32);
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const rule: NotificationRule = {
  id: 'all',
  as: 'queue',
  webhook: 'hook',
  events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
  prefix: '',
  suffix: '',
};

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly name: string;
  readonly key: string;
}

let directory: string;
let store: MemoryObjectStore;
let clock: TestClock;
let server: Server;
let url: string;
let received: Received[];
/** The status that each request is answered with. */
let answer: (request: Received) => number | Promise<number>;
let events: BucketEvents;
let admin: WebhookAdmin;

/** Time that a test moves; sleepers wake when it has come. */
class TestClock implements Clock {
  #now = Date.UTC(2030, 0, 1);
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { at: this.#now + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    return promise.finally(() => this.#sleepers.delete(sleeper));
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const { at, wake } of this.#sleepers) if (at <= this.#now) wake();
  }
}

async function start(options: Partial<BucketEventsOptions> = {}): Promise<void> {
  events = await BucketEvents.start({
    store,
    directory,
    masterKey,
    region: 'local',
    log: createLogger('objects', 'silent'),
    allow: ['127.0.0.0/8'],
    clock,
    schedule: { initialMs: 1000, maxMs: 3_600_000, giveUpAfterMs: 24 * 3_600_000, random: () => 0.5 },
    ...options,
  });
  admin = createWebhookAdmin(events, () => store.buckets());
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-events-'));
  store = new MemoryObjectStore();
  clock = new TestClock();
  received = [];
  answer = () => 204;
  server = createServer(async (req, res) => {
    const body = (await req.toArray()).join('');
    const { eventName, s3 } = JSON.parse(body).Records?.[0] ?? {};
    const request = { headers: req.headers, body, name: eventName, key: s3?.object.key };
    received.push(request);
    res.writeHead(await answer(request), { location: '/elsewhere' }).end('said by the receiver');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  await store.createBucket('data');
  await start();
});

afterEach(async () => {
  await events.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const put = (key: string, bucket = 'data') => store.put({ bucket, key, body: bytesOf('hello'), metadata });

async function rules(...changes: readonly Partial<NotificationRule>[]): Promise<void> {
  const documents = { notification: JSON.stringify(changes.map((change, i) => ({ ...rule, id: `${i}`, ...change }))) };
  await store.updateBucket('data', { documents });
}

async function hook(): Promise<string> {
  const { secret = '' } = await admin.putWebhook({ name: 'hook', url });
  return secret;
}

const until = (what: string, condition: () => boolean) => waitUntil(condition, { timeoutMs: 10_000, what });
const said = () => received.map(({ name, key }) => `${name} ${key}`);
const counts = () => events.queue.counts('hook');

test('what happens in a bucket is told, in S3’s form and signed', async () => {
  const secret = await hook();
  await rules({ id: 'mine' });
  const { etag } = await put('red flower/ä.jpg');
  await until('the event', () => received.length === 1);
  const { headers, body } = received[0] as Received;
  expect(JSON.parse(body).Records).toEqual([
    expect.objectContaining({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'local',
      eventTime: expect.stringMatching(/^\d{4}-.*Z$/),
      eventName: 'ObjectCreated:Put',
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'mine',
        bucket: { name: 'data', ownerIdentity: { principalId: 'holdfast' }, arn: 'arn:aws:s3:::data' },
        object: {
          key: 'red+flower/%C3%A4.jpg',
          size: 5,
          eTag: etag,
          sequencer: expect.stringMatching(/^[0-9A-F]{16}$/),
        },
      },
    }),
  ]);
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(Number(headers['webhook-timestamp'])).toBe(clock.now() / 1000);
});

test('rules choose by event, prefix and suffix', async () => {
  await hook();
  await rules(
    { events: ['s3:ObjectCreated:Copy'], prefix: 'images/' },
    { events: ['s3:ObjectRemoved:*'], prefix: 'images/', suffix: '.png' },
  );
  await put('images/a.png');
  await store.copy({
    source: { bucket: 'data', key: 'images/a.png' },
    target: { bucket: 'data', key: 'images/b.jpg' },
  });
  await store.copy({ source: { bucket: 'data', key: 'images/a.png' }, target: { bucket: 'data', key: 'other.jpg' } });
  await store.remove('data', 'images/b.jpg');
  await store.remove('data', 'images/a.png');
  await until('the events', () => received.length === 2);
  expect(said().sort()).toEqual(['ObjectCreated:Copy images/b.jpg', 'ObjectRemoved:Delete images/a.png']);
});

test('versions and delete markers are told apart', async () => {
  await hook();
  await rules({});
  await store.updateBucket('data', { versioning: 'enabled' });
  const { versionId } = await put('a');
  const marker = await store.remove('data', 'a');
  await store.remove('data', 'a', { versionId });
  await until('the events', () => received.length === 3);
  const objects = received.map(({ body }) => JSON.parse(body).Records[0].s3.object);
  expect(said()).toEqual(['ObjectCreated:Put a', 'ObjectRemoved:DeleteMarkerCreated a', 'ObjectRemoved:Delete a']);
  expect(objects.map((object) => object.versionId)).toEqual([versionId, marker.versionId, versionId]);
  const sequencers = objects.map(({ sequencer }) => sequencer);
  expect(sequencers).toEqual(sequencers.toSorted());
});

test('the rules that stood when an object changed decide, and go with the bucket', async () => {
  await hook();
  await events.close();
  await put('before');
  await rules({});
  await put('during');
  await store.updateBucket('data', { documents: { notification: undefined } });
  await put('after');
  await store.createBucket('short-lived');
  await store.updateBucket('short-lived', { documents: { notification: JSON.stringify([rule]) } });
  await put('last', 'short-lived');
  await store.deleteBucket('short-lived', { force: true });
  await start();
  await until('the events', () => received.length === 2);
  expect(said().sort()).toEqual(['ObjectCreated:Put during', 'ObjectCreated:Put last']);
  await until('an empty queue', () => counts().pending === 0);
});

test('a delivery is tried again with growing pauses, by the same id, and holds back its key alone', async () => {
  await hook();
  await rules({});
  answer = ({ key }) => (key === 'bad' ? 500 : 200);
  await put('bad');
  await store.remove('data', 'bad');
  await put('good');
  await until('the others', () => received.length === 2);
  for (const [i, ms] of [1000, 2000, 4000].entries()) {
    clock.advance(ms - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(received.filter(({ key }) => key === 'bad')).toHaveLength(i + 1);
    clock.advance(1);
    await until('the next attempt', () => received.filter(({ key }) => key === 'bad').length === i + 2);
    await until('the attempt’s record', () => events.queue.nextDue('hook', clock.now()) !== undefined);
  }
  answer = () => 200;
  clock.advance(8000);
  await until('the removal', () => said().includes('ObjectRemoved:Delete bad'));
  const ids = received.filter(({ name, key }) => name === 'ObjectCreated:Put' && key === 'bad');
  expect(new Set(ids.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(said().at(-1)).toBe('ObjectRemoved:Delete bad');
  await until('an empty queue', () => counts().pending === 0);
});

async function giveUp(): Promise<void> {
  await until('the first attempt', () => received.length > 0);
  await until('its record', () => events.queue.nextDue('hook', clock.now()) !== undefined);
  clock.advance(25 * 3_600_000);
  await until('the end', () => counts().failed > 0);
}

test('after a day an event fails, and can be replayed and dropped', async () => {
  await hook();
  await rules({});
  answer = () => 503;
  await put('a');
  await giveUp();
  const [failed, ...more] = await admin.listFailedEvents({ webhook: 'hook' });
  expect(more).toEqual([]);
  expect(failed).toMatchObject({ bucket: 'data', key: 'a', attempts: 2, error: '503: said by the receiver' });
  expect(counts()).toMatchObject({ pending: 0, failed: 1 });

  answer = () => 200;
  const before = received.length;
  expect(await admin.replayEvents({ webhook: 'hook', id: failed?.id })).toEqual({ count: 1 });
  await until('the replay', () => received.length === before + 1);
  await until('an empty queue', () => counts().pending === 0);
  expect(counts().failed).toBe(0);
  expect(received.at(-1)?.headers['webhook-id']).toBe(received[0]?.headers['webhook-id']);

  await expect(admin.dropEvents({ webhook: 'hook', id: failed?.id })).rejects.toMatchObject({
    code: 'webhook.event-not-found',
  });
});

test('all failed events are replayed or dropped at once', async () => {
  await hook();
  await rules({});
  answer = () => 503;
  for (const key of ['a', 'b', 'c']) await put(key);
  await until('the attempts', () => received.length === 3);
  await until('their records', () => events.queue.due('hook', clock.now(), 9).length === 0);
  clock.advance(25 * 3_600_000);
  await until('the end', () => counts().failed === 3);
  answer = () => 200;
  expect(await admin.replayEvents({ webhook: 'hook' })).toEqual({ count: 3 });
  await until('an empty queue', () => counts().pending === 0);
  expect(await admin.dropEvents({ webhook: 'hook' })).toEqual({ count: 0 });
});

test('more than there is room for fails at once, and of failed events the oldest go', async () => {
  await events.close();
  await start({ limits: { maxPending: 2, maxFailed: 2 } });
  await hook();
  await rules({});
  answer = () => 503;
  for (let i = 0; i < 6; i++) await put(`${i}`);
  await until('the overflow', () => counts().dropped === 2);
  expect(counts()).toEqual({ pending: 2, failed: 2, dropped: 2 });
  const failed = await admin.listFailedEvents({ webhook: 'hook' });
  expect(failed.map(({ key, error }) => `${key} ${error}`)).toEqual([
    '4 too many events wait',
    '5 too many events wait',
  ]);
});

test('an endpoint that is down is asked again by one event at a time', async () => {
  await hook();
  await rules({});
  let underWay = 0;
  let most = 0;
  answer = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    return 503;
  };
  for (let i = 0; i < 40; i++) await put(`${i}`);
  const seen = (count: number) => () => {
    clock.advance(1000);
    return received.length >= count;
  };
  await until('the first attempts', seen(20));
  expect(most).toBeLessThanOrEqual(8);
  most = 0;
  await until('more attempts', seen(25));
  expect(most).toBe(1);
  answer = () => 200;
  await until('an empty queue', () => {
    clock.advance(60_000);
    return counts().pending === 0;
  });
});

test('what waits outlives a restart', async () => {
  await hook();
  await rules({});
  answer = () => 503;
  await put('a');
  await until('the attempt', () => received.length === 1);
  await events.close();
  answer = () => 200;
  clock.advance(60_000);
  await start();
  await until('the event', () => received.length === 2);
  expect(received[1]?.headers['webhook-id']).toBe(received[0]?.headers['webhook-id']);
  expect(received[1]?.body).toBe(received[0]?.body);
});

test('redirects are not followed, and private addresses are refused', async () => {
  await hook();
  answer = () => 307;
  expect(await admin.testWebhook({ name: 'hook' })).toEqual({
    delivered: false,
    error: '307: redirects are not followed',
  });
  expect(received).toHaveLength(1);
  await events.close();
  await start({ allow: [] });
  expect(await admin.testWebhook({ name: 'hook' })).toMatchObject({
    delivered: false,
    error: '127.0.0.1 is at 127.0.0.1, which is no public address',
  });
  expect(received).toHaveLength(1);
});

test('a webhook is known by its name, keeps its secret, and stays while a bucket names it', async () => {
  const secret = await hook();
  expect(await admin.putWebhook({ name: 'hook', url: `${url}/2` })).not.toHaveProperty('secret');
  const renewed = await admin.putWebhook({ name: 'hook', url, renewSecret: true });
  expect(renewed.secret).not.toBe(secret);
  await rules({});
  expect(await admin.listWebhooks({})).toMatchObject([{ name: 'hook', url, buckets: ['data'] }]);
  await expect(admin.removeWebhook({ name: 'hook' })).rejects.toMatchObject({ code: 'webhook.in-use' });
  await rules({ webhook: 'other' });
  await admin.removeWebhook({ name: 'hook' });
  expect(await admin.listWebhooks({})).toEqual([]);
  await expect(admin.putWebhook({ name: 'Hook', url })).rejects.toMatchObject({ code: 'webhook.name' });
  for (const wrong of ['ftp://example.com', 'nothing', 'https://me:pw@example.com/']) {
    await expect(admin.putWebhook({ name: 'hook', url: wrong })).rejects.toMatchObject({ code: 'webhook.url' });
  }
});
