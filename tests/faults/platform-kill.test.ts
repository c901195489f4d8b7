import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Storage } from '../../sdk/src/index.ts';
import type { AppView, BucketCredentials, DeploymentView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { showLogsOnFailure } from '../support/platform-logs.ts';
import { sampleApp } from '../support/sample-app.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { TestPlatform } from '../support/test-platform.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 50);
const ENDED = new Set<DeploymentView['status']>(['succeeded', 'rolled-back', 'failed']);

/** Seeded, so that a failing run can be looked at again: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test(`kill -9 of the platform, ${ROUNDS} times during deploys and uploads`, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  const next = random(seed);
  await using platform = await TestPlatform.start();
  showLogsOnFailure(platform);
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  const uploads = new Map<string, string>();
  const storage = await bucket(platform);
  const objects = new Map<string, string>();

  for (let round = 1; round <= ROUNDS; round++) {
    const where = `round ${round}, SEED=${seed}`;
    await app.environment({ APP_VERSION: String(round), ...(next() < 0.2 ? { CRASH: where } : {}) });
    const load = new SteadyLoad({
      platform,
      host: 'notes',
      places: ['/data', '/shared'],
      clients: 2,
      prefix: `r${round}`,
    });
    const putting = putObjects(storage, objects, `r${round}`);
    const deploy = platform.cli(['deploy', app.path]);
    await sleep(next() * 2000); // the moment of the cut is what is varied; nothing waits on it
    await platform.kill9();
    await putting;
    for (const [path, content] of (await load.stop()).uploads) uploads.set(path, content);
    await platform.up();
    await deploy; // it follows its deployment through the restart
    await settled(platform, where);
    await expectOneProcessEachInstance(platform, where);
  }

  for (const [path, content] of uploads) {
    const answer = await platform.http('notes', path);
    expect(answer.body.toString(), `${path}, SEED=${seed}`).toBe(content);
  }
  for (const [key, content] of objects) {
    expect((await storage.get(key))?.body.toString(), `${key}, SEED=${seed}`).toBe(content);
  }
  expect(uploads.size).toBeGreaterThan(ROUNDS);
  expect(objects.size).toBeGreaterThan(ROUNDS);
});

async function bucket(platform: TestPlatform): Promise<Storage> {
  await platform.run(['object-store', 'create', 'pictures', '--app', 'notes']);
  const { bucket, ...options } = await platform.json<BucketCredentials>(['object-store', 'keys', 'pictures']);
  return new Storage(bucket, { ...options, retries: 0 });
}

/** Puts one object after the other until the store is gone, and notes those that it has acknowledged. */
async function putObjects(storage: Storage, acknowledged: Map<string, string>, prefix: string): Promise<void> {
  for (let n = 0; ; n++) {
    const key = `${prefix}/${n}`;
    const content = `object ${key} `.repeat(n % 2 === 0 ? 10 : 20_000); // in the journal, in a file
    try {
      await storage.put(key, content);
    } catch {
      return;
    }
    acknowledged.set(key, content);
  }
}

/** The deployment has ended, one way or the other, and the app serves. */
async function settled(platform: TestPlatform, where: string): Promise<void> {
  await waitUntil(
    async () => {
      const status = await platform.json<AppView>(['status', '--app', 'notes']).catch(() => undefined);
      if (!status?.deployment || !ENDED.has(status.deployment.status)) return false;
      const [web] = status.services;
      return web?.instances.length === 1 && web.instances[0]?.state === 'healthy';
    },
    { timeoutMs: 60_000, what: `a settled platform (${where})` },
  );
}

async function expectOneProcessEachInstance(platform: TestPlatform, where: string): Promise<void> {
  const status = await platform.json<AppView>(['status', '--app', 'notes']);
  const known = status.services.flatMap((service) => service.instances.map((instance) => instance.id));
  const running = new Set((await platform.instanceProcesses()).values());
  expect([...running], where).toEqual(known);
  const volumes = status.storage.filter((storage) => storage.kind === 'volume');
  expect(
    volumes.map((volume) => volume.attachedTo),
    where,
  ).toEqual(known);
}
