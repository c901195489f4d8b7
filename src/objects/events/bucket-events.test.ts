import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { everyEvent, type Received, TestEvents } from '../../../tests/support/test-events.ts';

let bench: TestEvents;

beforeEach(async () => {
  bench = await TestEvents.start();
});

afterEach(() => bench[Symbol.asyncDispose]());

test('what happens in a bucket is told, in S3’s form and signed', async () => {
  const secret = await bench.hook();
  await bench.rules({ id: 'mine' });
  const { etag } = await bench.put('red flower/ä.jpg');
  await bench.until('the event', () => bench.received.length === 1);
  const { headers, body } = bench.received[0] as Received;
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
  expect(Number(headers['webhook-timestamp'])).toBe(bench.clock.now() / 1000);
});

test('rules choose by event, prefix and suffix', async () => {
  await bench.hook();
  await bench.rules(
    { events: ['s3:ObjectCreated:Copy'], prefix: 'images/' },
    { events: ['s3:ObjectRemoved:*'], prefix: 'images/', suffix: '.png' },
  );
  await bench.put('images/a.png');
  await bench.store.copy({
    source: { bucket: 'data', key: 'images/a.png' },
    target: { bucket: 'data', key: 'images/b.jpg' },
  });
  await bench.store.copy({
    source: { bucket: 'data', key: 'images/a.png' },
    target: { bucket: 'data', key: 'other.jpg' },
  });
  await bench.store.remove('data', 'images/b.jpg');
  await bench.store.remove('data', 'images/a.png');
  await bench.until('the events', () => bench.received.length === 2);
  expect(bench.said().sort()).toEqual(['ObjectCreated:Copy images/b.jpg', 'ObjectRemoved:Delete images/a.png']);
});

test('versions and delete markers are told apart', async () => {
  await bench.hook();
  await bench.rules({});
  await bench.store.updateBucket('data', { versioning: 'enabled' });
  const { versionId } = await bench.put('a');
  const marker = await bench.store.remove('data', 'a');
  await bench.store.remove('data', 'a', { versionId });
  await bench.until('the events', () => bench.received.length === 3);
  const objects = bench.received.map(({ body }) => JSON.parse(body).Records[0].s3.object);
  expect(bench.said()).toEqual([
    'ObjectCreated:Put a',
    'ObjectRemoved:DeleteMarkerCreated a',
    'ObjectRemoved:Delete a',
  ]);
  expect(objects.map((object) => object.versionId)).toEqual([versionId, marker.versionId, versionId]);
  const sequencers = objects.map(({ sequencer }) => sequencer);
  expect(sequencers).toEqual(sequencers.toSorted());
});

test('what a lifecycle rule did is told as an expiration alone', async () => {
  await bench.hook();
  await bench.rules(
    { events: ['s3:ObjectRemoved:*'], prefix: 'a' },
    { events: ['s3:LifecycleExpiration:*'], prefix: 'b' },
  );
  for (const key of ['a', 'b', 'b/2']) await bench.put(key);
  await bench.store.remove('data', 'a', { byLifecycle: true });
  await bench.store.remove('data', 'b', { byLifecycle: true });
  await bench.store.updateBucket('data', { versioning: 'enabled' });
  await bench.store.remove('data', 'b/2');
  await bench.store.remove('data', 'b/3', { byLifecycle: true });
  await bench.store.remove('data', 'a');
  await bench.until('the events', () => bench.received.length === 3);
  expect(bench.said().sort()).toEqual([
    'LifecycleExpiration:Delete b',
    'LifecycleExpiration:DeleteMarkerCreated b/3',
    'ObjectRemoved:DeleteMarkerCreated a',
  ]);
  const versionOf = ({ body }: Received) => JSON.parse(body).Records[0].eventVersion;
  expect(bench.received.map(versionOf).sort()).toEqual(['2.1', '2.3', '2.3']);
});

test('the rules that stood when an object changed decide, and go with the bucket', async () => {
  await bench.hook();
  await bench.stop();
  await bench.put('before');
  await bench.rules({});
  await bench.put('during');
  await bench.store.updateBucket('data', { documents: { notification: undefined } });
  await bench.put('after');
  await bench.store.createBucket('short-lived');
  await bench.store.updateBucket('short-lived', { documents: { notification: JSON.stringify([everyEvent]) } });
  await bench.put('last', 'short-lived');
  await bench.store.deleteBucket('short-lived', { force: true });
  await bench.restart();
  await bench.until('the events', () => bench.received.length === 2);
  expect(bench.said().sort()).toEqual(['ObjectCreated:Put during', 'ObjectCreated:Put last']);
  await bench.until('an empty queue', () => bench.counts().pending === 0);
});

test('what waits outlives a restart', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await bench.put('a');
  await bench.until('the attempt', () => bench.received.length === 1);
  await bench.stop();
  bench.answer = () => 200;
  bench.clock.advance(60_000);
  await bench.restart();
  await bench.until('the event', () => bench.received.length === 2);
  expect(bench.received[1]?.headers['webhook-id']).toBe(bench.received[0]?.headers['webhook-id']);
  expect(bench.received[1]?.body).toBe(bench.received[0]?.body);
});

test('a clock that is set back holds no event up', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await Promise.all(Array.from({ length: 8 }, (_, i) => bench.put(`${i}`)));
  await bench.until('the attempts', () => bench.received.length === 8);
  await bench.until('their records', () => bench.events.queue.due('hook', bench.clock.now(), 9).length === 0);
  bench.clock.advance(-30 * 24 * 3_600_000);
  bench.answer = () => 200;
  await bench.put('last');
  await bench.until('an empty queue', () => bench.counts().pending === 0 && bench.received.length === 17);
});

test('events that cannot be read stop nothing else', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await bench.put('a');
  await bench.until('the attempt', () => bench.received.length === 1);
  const { queue } = bench.events;
  const broken = vi.spyOn(queue, 'due').mockImplementation(() => {
    throw new Error('database disk image is malformed');
  });
  await bench.put('b');
  await bench.until('the failure', () => broken.mock.calls.length > 0);
  broken.mockRestore();
  vi.spyOn(queue, 'first').mockImplementationOnce(() => {
    throw new Error('database disk image is malformed');
  });
  bench.answer = () => 200;
  await bench.until('an empty queue', () => {
    bench.clock.advance(1000);
    return bench.counts().pending === 0;
  });
});
