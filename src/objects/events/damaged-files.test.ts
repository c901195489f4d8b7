import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestEvents } from '../../../tests/support/test-events.ts';

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
