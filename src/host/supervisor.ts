import { systemClock } from '../core/clock.ts';
import { readJsonFile, writeFileDurable } from '../core/durable-files.ts';
import { HoldfastError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { acquireProcessLock } from '../core/process-lock.ts';
import type { HostConfig } from './config.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { RoleProcess } from './role-process.ts';

interface SupervisorRecord {
  readonly pid: number;
}

export interface Supervisor {
  stop(): Promise<void>;
}

/**
 * Starts the roles and keeps them alive, as the only supervisor of its data
 * directory. Instances are not its children: they go on when it ends.
 * @throws HoldfastError `up.running`, or what a role failed with (then none is left running)
 */
export async function startSupervisor(config: HostConfig, log: Logger): Promise<Supervisor> {
  const directory = await openDataDirectory(config.dataDirectory);
  const lock = await acquireProcessLock(directory.lock('supervisor'));
  if (!lock) throw await alreadyRunning(directory);
  const record: SupervisorRecord = { pid: process.pid };
  await writeFileDurable(directory.supervisorFile, JSON.stringify(record));

  const roles = (['objects', 'edge', 'control'] as const).map(
    (name) => new RoleProcess({ name, config, clock: systemClock, log }),
  );
  const stop = async () => {
    await Promise.all(roles.map((role) => role.stop()));
    lock.release();
  };
  const starts = await Promise.allSettled(roles.map((role) => role.start()));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return { stop };
}

async function alreadyRunning(directory: DataDirectory): Promise<HoldfastError> {
  const record = await readJsonFile<SupervisorRecord>(directory.supervisorFile);
  return new HoldfastError({
    code: 'up.running',
    kind: 'conflict',
    message: `Holdfast already runs on ${directory.root}${record ? ` (pid ${record.pid})` : ''}`,
    hint: 'stop it with `holdfast down`, or start another one on its own data directory with --data-dir and other ports',
  });
}

/** The pid of the supervisor that holds the data directory; `undefined` when none does. */
export async function runningSupervisor(directory: DataDirectory): Promise<number | undefined> {
  const record = await readJsonFile<SupervisorRecord>(directory.supervisorFile);
  if (!record) return undefined;
  const lock = await acquireProcessLock(directory.lock('supervisor'));
  lock?.release();
  return lock ? undefined : record.pid;
}
