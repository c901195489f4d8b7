import { availableParallelism } from 'node:os';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { missingForRadosgw, startRadosgw } from '../support/radosgw.ts';
import { type S3Endpoint, startS3rver } from '../support/s3-endpoint.ts';
import { printTable } from '../support/table.ts';
import type { MatrixOptions, PeerName } from './arguments.ts';
import { type Cell, cellName, fill, measureCell } from './cell.ts';
import { benchGrowth } from './growth.ts';
import { type HoldfastServer, startHoldfast } from './holdfast.ts';

const PRELOADED_BYTES = 1024;
const LIST_BYTES = 1024;

/** Every operation, size and number of clients, ours and the peers in alternating runs. */
export async function benchObjectMatrix(options: MatrixOptions): Promise<void> {
  console.log(
    `Objects on ${availableParallelism()} cores, Node ${process.version}; the clients and the peers share the machine.\n` +
      'holdfast and radosgw (three OSDs on this machine, two copies) are durable when they answer, s3rver is not.',
  );
  await using stack = new AsyncDisposableStack();
  const ours = stack.use(await startHoldfast(stack.use(await temporaryDirectory()).path, options));
  const peers: S3Endpoint[] = [];
  for (const name of options.peers) {
    const missing = await MISSING[name]();
    if (missing.length > 0) console.log(`${name} is skipped: ${missing.join(', ')} not installed`);
    else peers.push(stack.use(await START[name](stack.use(await temporaryDirectory()).path)));
  }

  let preloaded = 0;
  for (const count of options.preloaded) {
    await preload(ours, peers, { from: preloaded, to: count });
    preloaded = count;
    await benchCells([ours, ...peers], count, options);
  }
  await benchGrowth(ours, options);
}

const START: Readonly<Record<PeerName, (directory: string) => Promise<S3Endpoint & AsyncDisposable>>> = {
  radosgw: startRadosgw,
  s3rver: startS3rver,
  plain: (directory) => startHoldfast(directory, { encrypted: false }),
};

const MISSING: Readonly<Record<PeerName, () => Promise<readonly string[]>>> = {
  radosgw: missingForRadosgw,
  s3rver: async () => [], // a dependency of the benches
  plain: async () => [],
};

/** Ours through the engine, the peers through their API. */
async function preload(
  ours: HoldfastServer,
  peers: readonly S3Endpoint[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  if (to === from) return;
  const keys = { prefix: `preloaded/${to}/`, count: to - from };
  await ours.fill({ bucket: ours.bucket, keys, sizeBytes: PRELOADED_BYTES });
  for (const peer of peers) await fill(peer, keys, PRELOADED_BYTES);
}

async function benchCells(targets: readonly S3Endpoint[], preloaded: number, options: MatrixOptions): Promise<void> {
  const { rounds, seconds } = options;
  const rows: string[][] = [];
  for (const cell of cellsOf(options)) {
    const rates = await measureCell(targets, cell, options);
    const row = [cellName(cell), ...rates.flatMap((rate, index) => columns(rate, index === 0 ? undefined : rates[0]))];
    rows.push(row);
    console.error(row.join('  ')); // the whole matrix takes long
  }
  if (rows.length === 0) return;
  console.log(
    `\nOperations a second with ${preloaded.toLocaleString('en')} other objects in the bucket, ` +
      `median of ${rounds} alternating runs of ${seconds} s; ×: times the peer's`,
  );
  printTable(['', ...targets.flatMap(({ name }, index) => (index === 0 ? [name] : [name, '×']))], rows);
}

function columns(rate: number, ours: number | undefined): string[] {
  if (Number.isNaN(rate)) return ['fails', ''];
  const text = rate.toFixed(rate < 10 ? 1 : 0);
  return ours === undefined ? [text] : [text, (ours / rate).toFixed(1)];
}

/** A listing has no size. */
function cellsOf({ operations, sizes, clients }: MatrixOptions): readonly Cell[] {
  return operations.flatMap((operation) =>
    (operation === 'LIST' ? [LIST_BYTES] : sizes).flatMap((sizeBytes) =>
      clients.map((count) => ({ operation, sizeBytes, clients: count })),
    ),
  );
}
