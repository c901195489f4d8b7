import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestEvents } from '../../../tests/support/test-events.ts';

let bench: TestEvents;

beforeEach(async () => {
  bench = await TestEvents.start();
});

afterEach(() => bench[Symbol.asyncDispose]());

test('a delivery is tried again with growing pauses, by the same id, and holds back its key alone', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = ({ key }) => (key === 'bad' ? 500 : 200);
  await bench.put('bad');
  await bench.store.remove('data', 'bad');
  await bench.put('good');
  await bench.until('the others', () => bench.received.length === 2);
  for (const [i, ms] of [1000, 2000, 4000].entries()) {
    bench.clock.advance(ms - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.received.filter(({ key }) => key === 'bad')).toHaveLength(i + 1);
    bench.clock.advance(1);
    await bench.until('the next attempt', () => bench.received.filter(({ key }) => key === 'bad').length === i + 2);
    await bench.until(
      'the attempt’s record',
      () => bench.events.queue.nextDue('hook', bench.clock.now()) !== undefined,
    );
  }
  bench.answer = () => 200;
  bench.clock.advance(8000);
  await bench.until('the removal', () => bench.said().includes('ObjectRemoved:Delete bad'));
  const ids = bench.received.filter(({ name, key }) => name === 'ObjectCreated:Put' && key === 'bad');
  expect(new Set(ids.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(bench.said().at(-1)).toBe('ObjectRemoved:Delete bad');
  await bench.until('an empty queue', () => bench.counts().pending === 0);
});

async function giveUp(): Promise<void> {
  await bench.until('the first attempt', () => bench.received.length > 0);
  await bench.until('its record', () => bench.events.queue.nextDue('hook', bench.clock.now()) !== undefined);
  bench.clock.advance(25 * 3_600_000);
  await bench.until('the end', () => bench.counts().failed > 0);
}

test('after a day an event fails, and can be replayed and dropped', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await bench.put('a');
  await giveUp();
  const [failed, ...more] = await bench.admin.listFailedEvents({ webhook: 'hook' });
  expect(more).toEqual([]);
  expect(failed).toMatchObject({ bucket: 'data', key: 'a', attempts: 2, error: '503: said by the receiver' });
  expect(bench.counts()).toMatchObject({ pending: 0, failed: 1 });

  bench.answer = () => 200;
  const before = bench.received.length;
  expect(await bench.admin.replayEvents({ webhook: 'hook', id: failed?.id })).toEqual({ count: 1 });
  await bench.until('the replay', () => bench.received.length === before + 1);
  await bench.until('an empty queue', () => bench.counts().pending === 0);
  expect(bench.counts().failed).toBe(0);
  expect(bench.received.at(-1)?.headers['webhook-id']).toBe(bench.received[0]?.headers['webhook-id']);

  await expect(bench.admin.dropEvents({ webhook: 'hook', id: failed?.id })).rejects.toMatchObject({
    code: 'webhook.event-not-found',
  });
});

test('all failed events are replayed or dropped at once', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  for (const key of ['a', 'b', 'c']) await bench.put(key);
  await bench.until('the attempts', () => bench.received.length === 3);
  await bench.until('their records', () => bench.events.queue.due('hook', bench.clock.now(), 9).length === 0);
  bench.clock.advance(25 * 3_600_000);
  await bench.until('the end', () => bench.counts().failed === 3);
  bench.answer = () => 200;
  expect(await bench.admin.replayEvents({ webhook: 'hook' })).toEqual({ count: 3 });
  await bench.until('an empty queue', () => bench.counts().pending === 0);
  expect(await bench.admin.dropEvents({ webhook: 'hook' })).toEqual({ count: 0 });
});

test('many failed events are dropped step by step: others have their turn meanwhile', async () => {
  await bench.restart({ limits: { maxPending: 0 } });
  await bench.hook();
  await bench.rules({});
  const many = 350;
  for (let i = 0; i < many; i++) await bench.put(`${i}`);
  await bench.until('the overflow', () => bench.counts().failed === many);
  let turns = 0;
  const counted = () => {
    turns++;
    next = setImmediate(counted);
  };
  let next = setImmediate(counted);
  expect(await bench.admin.dropEvents({ webhook: 'hook' })).toEqual({ count: many });
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(3);
});

test('more than there is room for fails at once, and of failed events the oldest go', async () => {
  await bench.restart({ limits: { maxPending: 2, maxFailed: 2 } });
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  for (let i = 0; i < 6; i++) await bench.put(`${i}`);
  await bench.until('the overflow', () => bench.counts().dropped === 2);
  expect(bench.counts()).toEqual({ pending: 2, failed: 2, dropped: 2 });
  const failed = await bench.admin.listFailedEvents({ webhook: 'hook' });
  expect(failed.map(({ key, error }) => `${key} ${error}`)).toEqual([
    '4 too many events wait',
    '5 too many events wait',
  ]);
});

test('an endpoint that is down is asked again by one event at a time', async () => {
  await bench.hook();
  await bench.rules({});
  let underWay = 0;
  let most = 0;
  bench.answer = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    return 503;
  };
  for (let i = 0; i < 40; i++) await bench.put(`${i}`);
  const seen = (count: number, stepMs: number) => () => {
    bench.clock.advance(stepMs);
    return bench.received.length >= count;
  };
  await bench.until('the first attempts', seen(20, 1000));
  expect(most).toBeLessThanOrEqual(8);
  most = 0;
  await bench.until('more attempts', seen(25, 60_000));
  expect(most).toBe(1);
  bench.answer = () => 200;
  await bench.until('an empty queue', () => {
    bench.clock.advance(60_000);
    return bench.counts().pending === 0;
  });
});
