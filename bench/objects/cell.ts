import { type KeySet, type ObjectOperation, runObjectLoad } from '../support/object-load.ts';
import type { S3Endpoint } from '../support/s3-endpoint.ts';
import { median } from '../support/table.ts';

/** One combination that is measured. */
export interface Cell {
  readonly operation: ObjectOperation;
  readonly sizeBytes: number;
  readonly clients: number;
}

export interface Repetition {
  readonly rounds: number;
  readonly seconds: number;
}

/** What objects of one size take together, so that 64 MiB ones do not fill the disk. */
const SIZE_BUDGET_BYTES = 2 ** 30;
const RING_KEYS = 256;
const LISTED_KEYS = 1000;
const DELETED_KEYS = 2000;
const FILL_CLIENTS = 16;

/**
 * Of each target in turn, round after round: the machine's moods meet all of them. A first round
 * warms them up and does not count: servers run for months, and their caches and compilers know that.
 * @returns medians, operations a second; NaN of a peer that cannot do it
 */
export async function measureCell(
  targets: readonly S3Endpoint[],
  cell: Cell,
  { rounds, seconds }: Repetition,
): Promise<readonly number[]> {
  const runs = targets.map((target) => ({ target, rates: [] as number[], failed: false }));
  for (let round = 0; round <= rounds; round++) {
    for (const run of runs) {
      if (run.failed) continue;
      try {
        const rate = await runOnce(run.target, cell, { isFirst: round === 0, durationMs: seconds * 1000 });
        if (round > 0) run.rates.push(rate);
      } catch (error) {
        if (run === runs[0]) throw error;
        run.failed = true;
        const [reason] = (error instanceof Error ? error.message : String(error)).split('\r\n');
        console.log(`${run.target.name} fails at ${cellName(cell)}: ${reason}`);
      }
    }
  }
  return runs.map(({ rates, failed }) => (failed ? Number.NaN : median(rates)));
}

/** Reads find what the first run has put; deletions need it anew each time. */
async function runOnce(
  target: S3Endpoint,
  cell: Cell,
  { isFirst, durationMs }: { readonly isFirst: boolean; readonly durationMs: number },
): Promise<number> {
  const keys = keysOf(cell);
  const isDeletion = cell.operation === 'DELETE';
  if (isDeletion || (isFirst && cell.operation !== 'PUT')) await fill(target, keys, cell.sizeBytes);
  return await runObjectLoad(target, { ...cell, keys, ...(isDeletion ? {} : { durationMs }) });
}

export function cellName({ operation, sizeBytes, clients }: Cell): string {
  const what = operation === 'LIST' ? '1,000 keys' : sizeName(sizeBytes);
  return `${operation} ${what}, ${clients} ${clients === 1 ? 'client' : 'clients'}`;
}

function sizeName(bytes: number): string {
  return bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`;
}

/** Through the API, every key once. */
export async function fill(target: S3Endpoint, keys: KeySet, sizeBytes: number): Promise<void> {
  await runObjectLoad(target, { operation: 'PUT', sizeBytes, clients: FILL_CLIENTS, keys });
}

function keysOf({ operation, sizeBytes, clients }: Cell): KeySet {
  const affordable = Math.max(clients, Math.floor(SIZE_BUDGET_BYTES / Math.max(sizeBytes, 1)));
  switch (operation) {
    case 'LIST':
      return { prefix: 'listed/', count: LISTED_KEYS };
    case 'DELETE':
      return { prefix: `deleted/${sizeBytes}/`, count: Math.min(DELETED_KEYS, affordable) };
    default:
      return { prefix: `objects/${sizeBytes}/`, count: Math.min(RING_KEYS, affordable) };
  }
}
