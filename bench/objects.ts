import type { BucketCredentials } from '../src/control/platform.ts';
import { temporaryDirectory } from '../tests/support/temporary-directory.ts';
import type { TestPlatform } from '../tests/support/test-platform.ts';
import { cellName, measureCell } from './objects/cell.ts';
import { type S3Endpoint, startS3rver } from './support/s3-endpoint.ts';
import { printTable } from './support/table.ts';

const SIZES = [4096, 1024 * 1024];
const CLIENTS = [1, 16, 64];
const REPETITION = { rounds: 3, seconds: 1 };

/** PUT and GET, ours and s3rver in turn; ours syncs before it answers, s3rver does not. */
export async function benchObjects(platform: TestPlatform): Promise<void> {
  await using directory = await temporaryDirectory();
  await using peer = await startS3rver(directory.path);
  await platform.run(['object-store', 'create', 'bench', '--app', 'bench']);
  const keys = await platform.json<BucketCredentials>(['object-store', 'keys', 'bench']);
  const ours: S3Endpoint = { name: 'holdfast', ...keys };

  const rows: string[][] = [];
  for (const operation of ['PUT', 'GET'] as const) {
    for (const sizeBytes of SIZES) {
      for (const clients of CLIENTS) {
        const cell = { operation, sizeBytes, clients };
        const [our = 0, their = 0] = await measureCell([ours, peer], cell, REPETITION);
        rows.push([cellName(cell), our.toFixed(0), their.toFixed(0), (our / their).toFixed(1)]);
      }
    }
  }
  const { rounds, seconds } = REPETITION;
  console.log(`\nObjects: operations a second, median of ${rounds} alternating runs of ${seconds} s`);
  printTable(['', 'holdfast (durable)', 's3rver (not durable)', 'ratio'], rows);
}
