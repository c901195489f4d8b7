import { createHash, randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { dataFiles } from '../support/data-files.ts';
import { startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { signedRequest } from '../support/signed-request.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROUNDS = 8;
const WRITERS = 6;
const KEYS = 24;
/** From just above what stays in the journal, to some writes. */
const [LEAST, MOST] = [130_000, 1_500_000];

const NOTHING = 'nothing';
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('large bodies that a gateway writes survive the death of the store, or leave nothing', async () => {
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  let objects = await startObjectsProcess('data', directory);
  const gateway = stack.use(await startGatewayProcess(objects));
  const { key } = objects;
  /** By key, what it may hold: what was acknowledged or seen last, and what was sent since. */
  const expected = new Map<string, Set<string>>();
  let acknowledged = 0;

  const request = (method: string, name: string, body?: Uint8Array<ArrayBuffer>) =>
    signedRequest({ port: gateway.port, key }, { method, path: `/data/${name}`, ...(body && { body }) });
  const write = async (name: string) => {
    const bytes = randomBytes(randomInt(LEAST, MOST));
    expected.set(name, (expected.get(name) ?? new Set([NOTHING])).add(digest(bytes)));
    const { status } = await request('PUT', name, bytes);
    if (status !== 200) return;
    expected.set(name, new Set([digest(bytes)]));
    acknowledged++;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const before = acknowledged;
    let isOver = false;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      while (!isOver) await write(`${writer}-${randomInt(KEYS / WRITERS)}`);
    });
    await waitUntil(() => acknowledged > before + WRITERS, { timeoutMs: 60_000, what: 'some uploads' });
    await sleep(randomInt(30)); // any moment
    process.kill(objects.pid, 'SIGKILL');
    isOver = true;
    await Promise.all(writers);
    objects = await startObjectsProcess('data', directory);
    const isThere = async () => (await request('HEAD', 'absent')).status === 404;
    await waitUntil(isThere, { timeoutMs: 60_000, what: 'the gateway to have the store again' });
    for (const [name, allowed] of expected) {
      const { status, bytes } = await request('GET', name);
      const found = status === 404 ? NOTHING : digest(bytes);
      expect([...allowed], `${name} in round ${round}`).toContain(found);
      expected.set(name, new Set([found]));
    }
  }

  await objects[Symbol.asyncDispose]();
  objects = stack.use(await startObjectsProcess('data', directory)); // which removes what a crash has left
  const kept = [...expected.values()].filter((found) => !found.has(NOTHING));
  expect(await dataFiles(join(directory, 'store'))).toHaveLength(kept.length);
});
