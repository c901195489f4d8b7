import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { openProcessTable, type ProcessEntry } from '../../src/services/drivers/process/process-table.ts';
import type { ServiceDriver } from '../../src/services/service-driver.ts';
import { hasBubblewrap, openProcessHarness } from '../contract/process-harness.ts';

const ROUNDS = 30;

/** Starts the victim, kills it at a random moment, in every second round after its first start; what it had said by then. */
async function killedRun(
  args: readonly string[],
  round: number,
): Promise<{ started: Set<string>; stopped: Set<string> }> {
  const started = new Set<string>();
  const stopped = new Set<string>();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'process-driver-victim.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  const { promise: first, resolve: hasStarted } = Promise.withResolvers<void>();
  const open = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [word, id = ''] = line.split(' ');
      if (word === 'open') resolve();
      if (word === 'started') started.add(id);
      if (word === 'started') hasStarted();
      if (word === 'stopped') stopped.add(id);
    });
  });
  const closed = once(lines, 'close');
  await Promise.race([round % 2 === 0 ? first : open, closed]);
  await sleep(randomInt(10, 30 + 40 * (round % 10)));
  child.kill('SIGKILL');
  await Promise.all([once(child, 'exit'), closed]);
  return { started, stopped };
}

interface Found extends ProcessEntry {
  readonly instance: string | undefined;
  readonly isLauncher: boolean;
}

/** Every process that comes from this test: apps by the mark in their environment, launchers by their arguments. */
async function findProcesses(mark: string, root: string): Promise<Found[]> {
  const table = await openProcessTable();
  const found = await Promise.all(
    (await table.all()).map(async (entry) => {
      const environment = await table.environment(entry.pid);
      const line = (await table.commandLine(entry.pid)).join(' ');
      if (entry.pid === process.pid || (environment.get('FAULT_MARK') !== mark && !line.includes(root)))
        return undefined;
      const isLauncher = entry.pid === entry.group && line.includes(' holdfast-instance ');
      return { ...entry, instance: environment.get('HOLDFAST_INSTANCE'), isLauncher };
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

interface CheckInput {
  readonly driver: ServiceDriver;
  readonly find: () => Promise<readonly Found[]>;
  readonly run: Awaited<ReturnType<typeof killedRun>>;
}

async function check({ driver, find, run }: CheckInput): Promise<void> {
  // A launcher whose start was revoked, or whose app has just ended, takes a moment to go; an orphan or a twin stays.
  let mismatch = '';
  const settled = async () => {
    const running = await runningInstances(driver);
    mismatch = compare(running, await find());
    return mismatch === '';
  };
  await waitUntil(settled, { timeoutMs: 60_000, what: 'processes and list to agree' }).catch((error) => {
    throw new Error(`${error.message}: ${mismatch}`);
  });
  const listed = await driver.list();
  const ids = listed.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of run.started) {
    if (!run.stopped.has(id)) expect(ids, `${id} was started and not stopped`).toContain(id);
  }
  const running = await runningInstances(driver);
  for (const id of run.stopped) expect(running, `${id} was stopped`).not.toContain(id);
  const ports = listed.flatMap(({ address }) => address?.port ?? []);
  expect(new Set(ports).size).toBe(ports.length);
}

async function runningInstances(driver: ServiceDriver): Promise<readonly string[]> {
  return (await driver.list()).filter(({ status }) => status === 'running').map(({ id }) => id);
}

/** Each running instance has one launcher, each process belongs to a running instance. */
function compare(running: readonly string[], processes: readonly Found[]): string {
  const stray = processes.find(({ instance = '' }) => !running.includes(instance));
  if (stray) return `process ${stray.pid} of ${stray.instance} is nobody's`;
  for (const id of running) {
    const launchers = processes.filter(({ instance, isLauncher }) => isLauncher && instance === id);
    if (launchers.length !== 1) return `${id} has ${launchers.length} launchers`;
  }
  return '';
}

function faults(name: string, sandbox: 'auto' | 'off') {
  describe(`process driver ${name}`, () => {
    it(`is killed ${ROUNDS} times and loses no instance`, async () => {
      const harness = await openProcessHarness({ sandbox });
      const app = await harness.app({ status: 200 });
      const mark = newId('mark');
      let started = 0;
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const run = await killedRun([harness.driverDirectory, app.rootDirectory, sandbox, mark], round);
          started += run.started.size;
          const driver = await harness.open();
          await check({ driver, run, find: () => findProcesses(mark, harness.root) });
          if (round % 5 === 4) await clear(driver);
          await driver.close?.();
        }
      } finally {
        const driver = await harness.open();
        await clear(driver);
        await driver.close?.();
        await harness.close();
      }
      expect(started, 'instances were started under the kills').toBeGreaterThan(ROUNDS / 3);
      expect(await findProcesses(mark, harness.root)).toEqual([]);
    });
  });
}

async function clear(driver: ServiceDriver): Promise<void> {
  await Promise.all(
    (await driver.list()).map(async ({ id }) => {
      await driver.stop(id, { graceMs: 0 });
      await driver.remove(id);
    }),
  );
  expect(await driver.list()).toEqual([]);
}

faults('with links', 'off');
if (hasBubblewrap() || process.env.CI === 'true') faults('with bubblewrap', 'auto');
else it.skip('process driver with bubblewrap (bubblewrap is not installed)', () => {});
