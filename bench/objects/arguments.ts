import { parseArgs } from 'node:util';
import { type ObjectOperation, OPERATIONS } from '../support/object-load.ts';

/** `plain`: our own store without encryption at rest, to see what that costs. */
export const PEERS = ['radosgw', 's3rver', 'plain'] as const;
export type PeerName = (typeof PEERS)[number];

const OTHERS = 'radosgw,s3rver';

export interface MatrixOptions {
  readonly operations: readonly ObjectOperation[];
  readonly sizes: readonly number[];
  readonly clients: readonly number[];
  /** Objects in the bucket beside those that are measured. */
  readonly preloaded: readonly number[];
  /** Objects in the buckets that GET and LIST are compared between; none: no such comparison. */
  readonly growth: readonly number[];
  readonly peers: readonly PeerName[];
  /** Processes of ours that speak S3 besides the objects role. */
  readonly gateways: number;
  readonly rounds: number;
  readonly seconds: number;
}

export interface MemoryOptions {
  readonly clients: number;
  readonly sizeBytes: number;
}

export const USAGE = `usage: npm run bench                        redeploy, idle memory and a short table of objects
       npm run bench -- objects [options]   every operation, size and number of clients

options, lists separated by commas; "none" is the empty list
  --operations  ${OPERATIONS.join(',')}
  --sizes       1KiB,4KiB,64KiB,1MiB,64MiB
  --clients     1,16,64
  --preloaded   0                 objects in the bucket beforehand, for example 0,100000,1000000
  --growth      1000,100000       objects in the buckets that GET and LIST are compared between
  --peers       ${OTHERS}      also: plain, our own store without encryption at rest
  --gateways    0                 processes of ours that speak S3 besides the objects role; a platform starts
                                  some when cores are free, which beside the clients on two cores they are not
  --rounds      3                 alternating runs a cell, of which the median counts
  --seconds     1                 length of a run

       npm run bench -- memory [options]    what each of many transfers makes the objects role take (Linux)
  --clients     64                uploads at once, then readers that stop to read; more than 4
  --size        64MiB             of an object; all of them are on the disk at once
`;

export class UsageError extends Error {}

/** @throws UsageError */
export function parseMatrixArguments(argv: readonly string[]): MatrixOptions {
  const values = parse(argv, {
    operations: OPERATIONS.join(','),
    sizes: '1KiB,4KiB,64KiB,1MiB,64MiB',
    clients: '1,16,64',
    preloaded: '0',
    growth: '1000,100000',
    peers: OTHERS,
    gateways: '0',
    rounds: '3',
    seconds: '1',
  });
  return {
    operations: list(values.operations, (text) => oneOf(OPERATIONS, text)),
    sizes: list(values.sizes, size),
    clients: list(values.clients, (text) => count(text, 1)),
    preloaded: list(values.preloaded, (text) => count(text, 0)).toSorted((a, b) => a - b),
    growth: list(values.growth, (text) => count(text, 1000)),
    peers: list(values.peers, (text) => oneOf(PEERS, text)),
    gateways: count(values.gateways, 0),
    rounds: count(values.rounds, 1),
    seconds: count(values.seconds, 1),
  };
}

/** @throws UsageError */
export function parseMemoryArguments(argv: readonly string[]): MemoryOptions {
  const values = parse(argv, { clients: '64', size: '64MiB' });
  return { clients: count(values.clients, 5), sizeBytes: size(values.size) };
}

/** Options that take a value, with their defaults. */
function parse<Name extends string>(argv: readonly string[], defaults: Readonly<Record<Name, string>>) {
  const options = Object.fromEntries(
    Object.entries<string>(defaults).map(([name, value]) => [name, { type: 'string', default: value } as const]),
  );
  try {
    return parseArgs({ args: [...argv], options }).values as Record<Name, string>;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function list<T>(text: string, read: (item: string) => T): readonly T[] {
  return text === 'none' ? [] : text.split(',').map(read);
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new UsageError(`"${text}" is none of ${known.join(', ')}`);
  return found;
}

function count(text: string, min: number): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= min) return Number(text);
  throw new UsageError(`"${text}" is not a whole number of at least ${min}`);
}

const UNITS: Readonly<Record<string, number>> = { kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

function size(text: string): number {
  const [, number, unit = ''] = /^(\d{1,4})(kib|mib|gib)$/.exec(text.toLowerCase()) ?? [];
  if (number === undefined) throw new UsageError(`"${text}" is not a size such as 4KiB or 1MiB`);
  return Number(number) * (UNITS[unit] ?? 1);
}
