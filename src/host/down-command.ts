import type { Command } from 'commander';
import { HoldfastError } from '../core/errors.ts';
import { acquireProcessLock } from '../core/process-lock.ts';
import { type ConfigFlags, type HostConfig, readConfig } from './config.ts';
import { type DataDirectory, dataDirectoryLayout } from './data-directory.ts';
import { runningSupervisor } from './supervisor.ts';

/** Gateways get 10 s to end their work, then the other roles. */
const STOP_MS = 25_000;
const INSTANCE_GRACE_MS = 10_000;

export function downCommand(program: Command): void {
  program
    .command('down')
    .option('--all', 'stop the instances too; the next up starts them again')
    .addHelpText('after', '\nExamples:\n  $ holdfast down\n  $ holdfast down --all')
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<ConfigFlags & { readonly all?: boolean }>();
      const config = readConfig(flags, process.env);
      const directory = dataDirectoryLayout(config.dataDirectory);
      const pid = await runningSupervisor(directory);
      if (pid !== undefined) await stopSupervisor(pid, directory);
      const stopped = flags.all ? await stopInstances(directory, config) : 0;
      process.stdout.write(
        `${pid === undefined ? 'Holdfast was not running.' : 'Holdfast is stopped.'}${flags.all ? ` Instances stopped: ${stopped}.` : ''}\n`,
      );
    });
}

async function stopSupervisor(pid: number, directory: DataDirectory): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const lock = await acquireProcessLock(directory.lock('supervisor'), { waitMs: STOP_MS });
  if (lock) return lock.release();
  throw new HoldfastError({
    code: 'down.timeout',
    kind: 'unavailable',
    message: `Holdfast (pid ${pid}) did not stop in ${STOP_MS / 1000} s`,
    hint: `${directory.platformLog} says what it is doing; after kill -9 nothing acknowledged is lost`,
  });
}

/** With the platform stopped nobody starts them again meanwhile. */
async function stopInstances(directory: DataDirectory, config: HostConfig): Promise<number> {
  const { openServiceDriver } = await import('./drivers.ts');
  const driver = await openServiceDriver(directory, config);
  const running = (await driver.list()).filter((instance) => instance.status === 'running');
  await Promise.all(running.map((instance) => driver.stop(instance.id, { graceMs: INSTANCE_GRACE_MS })));
  return running.length;
}
