import { expect } from 'vitest';
import { type HistoryResult, runHistory } from './history.ts';

/** So much of a history's trace is shown when it fails. */
const SHOWN_LINES = 60;

/** Runs the histories of these seeds; the first that breaks an invariant fails, with its seed and its last lines. */
export async function runHistories(from: number, count: number, options: { readonly calm?: boolean } = {}) {
  const total = new Map<string, number>();
  let longestGapMs = 0;
  for (let seed = from; seed < from + count; seed++) {
    const result = await runHistory(seed, options);
    expect(result.violations, explain(result)).toEqual([]);
    for (const [what, times] of Object.entries(result.outcomes)) total.set(what, (total.get(what) ?? 0) + times);
    longestGapMs = Math.max(longestGapMs, result.longestGapMs);
  }
  return { total, longestGapMs };
}

function explain({ seed, violations, trace }: HistoryResult): string {
  const last = trace.slice(-SHOWN_LINES).map((line) => line.slice(0, 240));
  return [`seed ${seed}:`, ...violations, '…', ...last].join('\n');
}

/** A thousand histories, and a check that they were not all dull. */
export async function expectThousandSoundHistories(from: number): Promise<void> {
  const { total } = await runHistories(from, 1000);
  for (const what of ['succeeded', 'rolled-back', 'failed', 'crashes']) {
    expect(total.get(what), `${what} in a thousand histories`).toBeGreaterThan(100);
  }
  expect(total.get('purges'), 'purges in a thousand histories').toBeGreaterThan(20);
}
