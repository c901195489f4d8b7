import { type ObjectOperation, runObjectLoad } from '../support/object-load.ts';
import { median, printTable } from '../support/table.ts';
import type { MatrixOptions } from './arguments.ts';
import type { HoldfastServer } from './holdfast.ts';

const SIZE_BYTES = 1024;
const SAMPLED_KEYS = 4096;
const CLIENTS = { GET: 16, LIST: 4 } as const satisfies Partial<Record<ObjectOperation, number>>;

/** What reading costs in a large bucket: the same operations in buckets of different sizes, in turn. */
export async function benchGrowth(
  ours: HoldfastServer,
  { growth, rounds, seconds }: Pick<MatrixOptions, 'growth' | 'rounds' | 'seconds'>,
): Promise<void> {
  if (growth.length === 0) return;
  const buckets = growth.map((count) => ({
    bucket: `grown-${count}`,
    keys: { prefix: 'grown/', count, sample: Math.min(count, SAMPLED_KEYS) },
  }));
  for (const { bucket, keys } of buckets) {
    const startedAt = performance.now();
    await ours.fill({ bucket, keys, sizeBytes: SIZE_BYTES });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${keys.count.toLocaleString('en')} objects put through the engine in ${seconds} s`);
  }

  const rows: string[][] = [];
  for (const [operation, clients] of Object.entries(CLIENTS) as [keyof typeof CLIENTS, number][]) {
    const rates: number[][] = buckets.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { bucket, keys }] of buckets.entries()) {
        const load = { operation, sizeBytes: SIZE_BYTES, clients, keys, durationMs: seconds * 1000 };
        rates[index]?.push(await runObjectLoad({ ...ours, bucket }, load));
      }
    }
    const medians = rates.map(median);
    const cells = medians.map((rate) => `${rate.toFixed(0)} (${(rate / (medians[0] ?? rate)).toFixed(2)})`);
    rows.push([`${operation}, ${clients} clients`, ...cells]);
  }
  console.log('\nOperations a second as the bucket grows (against the first bucket)');
  printTable(['', ...growth.map((count) => `${count.toLocaleString('en')} objects`)], rows);
}
