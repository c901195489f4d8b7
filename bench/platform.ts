import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppView } from '../src/control/platform.ts';
import { exec } from '../src/core/exec.ts';
import { formatBytes, formatDuration } from '../src/core/units.ts';
import { repository, type TestPlatform } from '../tests/support/test-platform.ts';
import { median, printTable } from './support/table.ts';

const REDEPLOYS = 5;
const SETTLE_MS = 10_000;

/** From the uploaded archive to the new release healthy and routed; the dependencies are installed by then. */
export async function benchRedeploy(platform: TestPlatform): Promise<void> {
  await exec([process.execPath, 'scripts/vendor-sdk.mjs'], { cwd: repository });
  const album = join(repository, 'examples', 'photo-album');
  await platform.run(['deploy', album]);
  const times: number[] = [];
  for (let n = 0; n < REDEPLOYS; n++) {
    await platform.run(['deploy', album]);
    const { deployment } = await platform.json<AppView>(['status', '--app', 'photo-album']);
    if (deployment?.status !== 'succeeded')
      throw new Error(`the deployment ${deployment?.status}: ${deployment?.reason}`);
    times.push((deployment.finishedAt ?? 0) - deployment.createdAt);
  }
  console.log(`\nRedeploy of the photo album, upload to all services healthy and routed, ${REDEPLOYS} times`);
  printTable(
    ['median', 'fastest', 'slowest'],
    [[median(times), Math.min(...times), Math.max(...times)].map((ms) => formatDuration(ms))],
  );
}

/**
 * Memory of the supervisor and its roles, without the instances, after a restart: resident (RSS),
 * and proportional (PSS), which counts the pages of the one Node binary that all of them share once.
 */
export async function benchIdleMemory(platform: TestPlatform): Promise<void> {
  await platform.run(['down']);
  await platform.up();
  await sleep(SETTLE_MS);
  const processes = await Promise.all(
    (await platform.pids()).map(async (pid) => ({ role: await roleOf(pid), ...(await memoryOf(pid)) })),
  );
  const sum = (of: 'resident' | 'proportional') => processes.reduce((total, memory) => total + memory[of], 0);
  console.log('\nIdle memory of the platform, the album deployed');
  printTable(
    ['process', 'RSS', 'PSS'],
    [...processes, { role: 'all', resident: sum('resident'), proportional: sum('proportional') }].map(
      ({ role, resident, proportional }) => [role, formatBytes(resident), formatBytes(proportional)],
    ),
  );
}

async function roleOf(pid: number): Promise<string> {
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  return argv.includes('role') ? (argv[argv.indexOf('role') + 1] ?? '') : 'supervisor';
}

/** Bytes, by proc(5), smaps_rollup. */
async function memoryOf(pid: number): Promise<{ resident: number; proportional: number }> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) * 1024;
  return { resident: bytes('Rss'), proportional: bytes('Pss') };
}
