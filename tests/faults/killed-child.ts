import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';

export interface Kill {
  readonly round: number;
  /** What the child has said is answered, so far. */
  readonly acknowledged: () => number;
}

/** In every second round at the least: so that all of them get somewhere, however slow the machine is. */
const ANSWERS = 41;

/** At any moment of a writer's life: while its store opens, replays, writes, compacts; mostly after its first answers. */
export async function killAtAnyMoment(child: ChildProcess, { round, acknowledged }: Kill): Promise<void> {
  const before = acknowledged();
  const least = round % 2 === 0 ? ANSWERS : 1;
  const answered = () => acknowledged() >= before + least || child.exitCode !== null;
  if (round % 4 === 3) await sleep(randomInt(150, 500));
  else {
    await waitUntil(answered, { timeoutMs: 60_000, intervalMs: 5, what: 'the first answers' });
    await sleep(randomInt(500));
  }
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal, 'the writer ran until it was killed').toBe('SIGKILL');
}
