import type { BucketCredentials } from '../src/control/platform.ts';
import { temporaryDirectory } from '../tests/support/temporary-directory.ts';
import type { TestPlatform } from '../tests/support/test-platform.ts';
import { fillBucket, runObjectLoad } from './support/object-load.ts';
import { type S3Endpoint, startS3rver } from './support/s3-endpoint.ts';
import { median, printTable } from './support/table.ts';

const SIZES = { '4 KiB': 4096, '1 MiB': 1024 * 1024 };
const CLIENTS = [1, 16, 64];
const ROUNDS = 3;
const DURATION_MS = 1000;

/** PUT and GET, ours and s3rver in turn; ours syncs before it answers, s3rver does not. */
export async function benchObjects(platform: TestPlatform): Promise<void> {
  await using directory = await temporaryDirectory();
  await using peer = await startS3rver(directory.path);
  await platform.run(['object-store', 'create', 'bench', '--app', 'bench']);
  const keys = await platform.json<BucketCredentials>(['object-store', 'keys', 'bench']);
  const ours: S3Endpoint = { name: 'holdfast', ...keys };

  const rows: string[][] = [];
  for (const operation of ['PUT', 'GET'] as const) {
    for (const [label, sizeBytes] of Object.entries(SIZES)) {
      for (const target of [ours, peer]) await fillBucket(target, sizeBytes);
      for (const clients of CLIENTS) {
        const rates = { ours: [] as number[], peer: [] as number[] };
        for (let round = 0; round < ROUNDS; round++) {
          const load = { operation, sizeBytes, clients, durationMs: DURATION_MS };
          rates.ours.push(await runObjectLoad(ours, load));
          rates.peer.push(await runObjectLoad(peer, load));
        }
        const [our, their] = [median(rates.ours), median(rates.peer)];
        rows.push([
          `${operation} ${label}, ${clients} clients`,
          our.toFixed(0),
          their.toFixed(0),
          (our / their).toFixed(1),
        ]);
      }
    }
  }
  console.log(`\nObjects: operations a second, median of ${ROUNDS} alternating runs of ${DURATION_MS / 1000} s`);
  printTable(['', 'holdfast (durable)', 's3rver (not durable)', 'ratio'], rows);
}
