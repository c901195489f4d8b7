import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { dataFiles } from '../support/data-files.ts';
import { toEarlierShards } from '../support/earlier-shards.ts';
import { killAtAnyMoment } from './killed-child.ts';
import { History, storeSizes } from './object-engine-history.ts';
import { discrepancies, listen } from './object-engine-judge.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 200);
const BUCKET = 'data';
const writer = join(import.meta.dirname, 'object-engine-writer.ts');

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

it(`keeps every acknowledged object over ${ROUNDS} kills`, async () => {
  const history = new History();
  for (let round = 0; round < ROUNDS; round++) {
    await runAndKill(history, round);
    if (round % 6 === 5) await loseIndex();
    if (round % 4 === 3) await toEarlierShards(directory); // as a store of before leaves them
    const engine = await openEngine({ directory, ...storeSizes });
    try {
      expect(await discrepancies(engine, BUCKET, history), `round ${round}`).toEqual([]);
      const names = (await dataFiles(directory)).map((path) => basename(path));
      expect(engine.unreferencedFiles(names)).toEqual([]);
    } finally {
      await engine.close();
    }
  }
  expect(history.acknowledged, 'the writers got somewhere').toBeGreaterThan(ROUNDS * 20);
  expect(history.uploads.parts, 'parts were answered').toBeGreaterThan(ROUNDS * 2);
  expect(history.uploads.resumptions, 'uploads went on in another life').toBeGreaterThan(ROUNDS / 2);
  const segments = (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal')).sort();
  const lifetime = Number.parseInt(segments.at(-1) ?? '0', 10);
  expect(lifetime, 'segments were compacted and recycled under the kills').toBeGreaterThan(segments.length + 5);
});

async function runAndKill(history: History, round: number): Promise<void> {
  const child = spawn(process.execPath, [writer, directory, '8', BUCKET], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard = listen(child, history);
  await killAtAnyMoment(child, { round, acknowledged: () => history.acknowledged });
  await heard;
}

/** As after a power cut: the journal must be enough. */
async function loseIndex(): Promise<void> {
  await rm(join(directory, 'index'), { recursive: true, force: true });
}
