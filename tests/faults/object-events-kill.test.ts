import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { EventsBench } from './object-events-bench.ts';

const ROUNDS = 12;
/** In most rounds at the least. */
const ANSWERS = 27;

it(`tells a webhook of every acknowledged change over ${ROUNDS} kills, those of a key in order`, async () => {
  await using directory = await temporaryDirectory();
  await using bench = await EventsBench.create(directory.path);
  let untold = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = bench.acknowledged;
    const { child, writing } = await bench.writeUntilGone();
    const answered = () => bench.acknowledged > before + (round % 4 === 3 ? 0 : ANSWERS);
    await waitUntil(answered, { timeoutMs: 60_000, what: 'the first answers' });
    await sleep(randomInt(1000)); // any moment
    await child.stop('SIGKILL');
    untold += bench.missing().length;
    await writing;
    if (round % 3 === 0) await bench.writeUnseen();
  }
  await bench.tellTheRest();
  expect(untold, 'kills came between an answer and its event').toBeGreaterThan(ROUNDS);
  expect(bench.received.size, 'the writers got somewhere').toBeGreaterThan(ROUNDS * 20);
  for (const [key, sequencers] of bench.order) expect(sequencers, key).toEqual(sequencers.toSorted());
});
