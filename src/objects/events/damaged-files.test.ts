import { constants, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestEvents } from '../../../tests/support/test-events.ts';
import { createLogger } from '../../core/log.ts';

/** Damage of what is kept of events: none of it may be lost in silence, or keep the role from starting. */

let bench: TestEvents;
const path = (name: string) => join(bench.directory, name);

beforeEach(async () => {
  bench = await TestEvents.start();
});
afterEach(() => bench[Symbol.asyncDispose]());

test('of webhooks that are lost the events wait, until they are made again', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await bench.put('before');
  await bench.until('the attempt', () => bench.received.length === 1);
  await bench.stop();
  for (const name of ['webhooks.json', 'webhooks.json.copy']) await writeFile(path(name), '{"version"');
  await bench.restart();
  expect(await bench.admin.listWebhooks({})).toEqual([]);
  await bench.put('while');
  await bench.until('the event', () => bench.counts().pending === 2);
  await bench.restart();
  expect(bench.counts().pending).toBe(2);
  bench.answer = () => 200;
  bench.clock.advance(60_000);
  await bench.hook();
  await bench.until('both', () => bench.counts().pending === 0);
  expect(bench.said().slice(1).sort()).toEqual(['ObjectCreated:Put before', 'ObjectCreated:Put while']);
});

test('of a webhook that is gone nothing waits once the lost ones are said to be there again', async () => {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await bench.put('a');
  await bench.until('the attempt', () => bench.received.length === 1);
  await bench.stop();
  await rename(path('webhooks.json'), path('webhooks.json.damaged'));
  await rm(path('webhooks.json.copy'));
  await bench.restart();
  expect(bench.counts().pending).toBe(1);
  await rm(path('webhooks.json.damaged'));
  await bench.restart();
  expect(bench.counts().pending).toBe(0);
  expect(await readdir(bench.directory)).not.toContain('webhooks.json.damaged');
});

/** One event that has failed for good, and one that waits. */
async function queued(): Promise<void> {
  await bench.hook();
  await bench.rules({});
  bench.answer = () => 503;
  await bench.put('failed');
  await bench.until('the attempt', () => bench.received.length === 1);
  bench.clock.advance(25 * 3_600_000);
  await bench.until('the failure', () => bench.counts().failed === 1);
  await bench.put('waiting');
  await bench.until('the next attempt', () => bench.received.some(({ key }) => key === 'waiting'));
  await bench.until('its record', () => bench.events.queue.due('hook', bench.clock.now(), 9).length === 0);
}

async function allArrives(): Promise<void> {
  const before = bench.received.length;
  bench.answer = () => 200;
  await bench.put('later');
  const has = (key: string) => bench.received.slice(before).some((one) => one.key === key);
  await bench.until('all events', () => {
    bench.clock.advance(60_000);
    return has('waiting') && has('later');
  });
}

test('a queue that is no database any more is set aside, and what the journal has is sent', async () => {
  await queued();
  await bench.stop();
  await rm(path('events.db-wal'), { force: true });
  await writeFile(path('events.db'), 'nothing of it is left'.repeat(1000));
  await bench.restart();
  await allArrives();
  expect(await readFile(path('events.db.damaged'), 'utf8')).toContain('nothing of it is left');
});

test('a queue that is empty of a sudden is told, and what the journal has is sent', async () => {
  await queued();
  await bench.stop();
  await rm(path('events.db-wal'), { force: true });
  await writeFile(path('events.db'), '');
  const log = createLogger('objects', 'silent');
  const told = vi.spyOn(log, 'error');
  await bench.restart({ log });
  expect(told).toHaveBeenCalledWith(expect.stringContaining('the queue of events'));
  await allArrives();
  told.mockClear();
  await bench.restart({ log });
  expect(told).not.toHaveBeenCalled();
});

test('a queue that the disk does not even open is set aside', async () => {
  await queued();
  await bench.stop();
  await using terminal = await open('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const [, locked] = /tty-index:\s*(\d+)/.exec(await readFile(`/proc/self/fdinfo/${terminal.fd}`, 'utf8')) ?? [];
  for (const name of ['events.db', 'events.db-wal']) await rm(path(name), { force: true });
  await symlink(`/dev/pts/${locked}`, path('events.db')); // open(2) of a terminal that is locked: EIO
  await bench.restart();
  await allArrives();
});

test('of a queue that is damaged while it is used, what can be read is kept', async () => {
  await queued();
  await bench.stop();
  const database = new DatabaseSync(path('events.db'));
  const [row] = database.prepare('SELECT delivery FROM delivery').all();
  database.exec("UPDATE delivery SET delivery = replace(delivery, '{', '[')");
  database.close();
  expect(row).toBeDefined();
  await bench.restart();
  await allArrives();
  await bench.until('the failed event', () => bench.counts().failed === 1);
  expect(await bench.admin.listFailedEvents({ webhook: 'hook' })).toMatchObject([{ key: 'failed' }]);
  expect(await readdir(bench.directory)).toContain('events.db.damaged');
});

/** With rules that cannot be read; so the queue is made anew. */
async function restartWithoutRules(): Promise<void> {
  await bench.stop();
  const database = new DatabaseSync(path('events.db'));
  database.exec("UPDATE bucket SET rules = 'none'");
  database.close();
  await bench.restart();
  await allArrives();
}

test('what the journal brings again of a queue that was made anew is counted once', async () => {
  await queued();
  await restartWithoutRules();
  await bench.until('an empty queue', () => bench.counts().pending === 0);
});

test('rules that cannot be read do not hold the journal back', async () => {
  await queued();
  await restartWithoutRules();
  expect(bench.counts().failed).toBe(1);
});

test('a queue that was made again, and not put in its place before the crash, is the queue', async () => {
  await queued();
  await bench.stop();
  await rename(path('events.db'), path('events.db.new'));
  await writeFile(path('events.db-wal'), 'of the one that was set aside');
  await bench.restart();
  expect(bench.counts()).toMatchObject({ failed: 1, pending: 1 });
  await allArrives();
});
