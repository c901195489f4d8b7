import { constants, open, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { readJsonFile } from '../core/durable-files.ts';
import { HoldfastError } from '../core/errors.ts';
import { closeServer, listen } from '../core/listen.ts';
import type { Logger } from '../core/log.ts';
import { MasterKey } from '../core/master-key.ts';
import { acquireProcessLock, holdUntilExit } from '../core/process-lock.ts';
import type { HostConfig } from './config.ts';
import { type DataDirectory, holdsNothing, openDataDirectory } from './data-directory.ts';
import { GatewayPool } from './gateway-pool.ts';
import { PREDECESSOR_MS, type RoleName, RoleProcess } from './role-process.ts';

interface SupervisorRecord {
  readonly pid: number;
}

export interface Supervisor {
  stop(): Promise<void>;
}

/**
 * Starts the roles and keeps them alive, as the only supervisor of its data
 * directory. Instances are not its children: they go on when it ends.
 * @throws HoldfastError `up.running`, `master-key.…`, or what a role failed with (then none is left running)
 */
export async function startSupervisor(config: HostConfig, log: Logger): Promise<Supervisor> {
  const directory = await openDataDirectory(config.dataDirectory);
  const lock = await acquireProcessLock(directory.lock('supervisor'));
  if (!lock) throw await alreadyRunning(directory);
  holdUntilExit(lock);
  const record: SupervisorRecord = { pid: process.pid };
  await writeRecord(directory.supervisorFile, record);
  const masterKey = await openMasterKey(config, directory);

  const roleOf = (name: RoleName) => new RoleProcess({ name, config, clock: systemClock, log });
  const objects = roleOf('objects');
  const roles = [objects, roleOf('edge'), roleOf('control')];
  const gateways = new GatewayPool({ count: config.s3Gateways, objects, newGateway: roleOf, clock: systemClock, log });
  const stop = async () => {
    await gateways.stop();
    await Promise.all(roles.map((role) => role.stop()));
  };
  try {
    if (config.s3Gateways.most > 0) await checkPort(config, directory);
    await startAll(roles);
    await masterKey.confirm().catch((error) => log.warn(error, 'the id of the master key is not written down yet'));
    await gateways.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** Before any role has it: none starts with another key than that of the data directory, or makes one beside its data. */
async function openMasterKey(config: HostConfig, directory: DataDirectory): Promise<MasterKey> {
  const place = directory.masterKey(config.masterKeyFile);
  if (await holdsNothing(directory)) await MasterKey.create(place);
  return await MasterKey.open(place);
}

/** On a port that processes share, nobody else's program would be noticed: it would get a part of the requests. */
async function checkPort({ listenAddress: host, s3Port: port }: HostConfig, directory: DataDirectory): Promise<void> {
  await predecessorsEnd(directory);
  const probe = createServer();
  await listen(probe, { host, port, purpose: 'the S3 API', variable: 'HOLDFAST_S3_PORT' });
  await closeServer(probe, 0);
}

const LOCK_OF_S3 = /^(?:objects|gateway-\d+)\.lock$/;

/** Roles of a killed platform that still have the port. */
async function predecessorsEnd({ run }: DataDirectory): Promise<void> {
  const locks = (await readdir(run)).filter((name) => LOCK_OF_S3.test(name));
  for (const name of locks) (await acquireProcessLock(join(run, name), { waitMs: PREDECESSOR_MS }))?.release();
}

/** All of them have come up, or failed, when it settles. */
async function startAll(roles: readonly RoleProcess[]): Promise<void> {
  const starts = await Promise.allSettled(roles.map((role) => role.start()));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure) throw failure.reason;
}

const RECORD_BYTES = 64;

/** In its old place, which a full disk still has. It is for other processes of this machine, and need not outlive its power. */
async function writeRecord(path: string, record: SupervisorRecord): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    await file.write(JSON.stringify(record).padEnd(RECORD_BYTES), 0);
  } finally {
    await file.close();
  }
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
