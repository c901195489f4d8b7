import { lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../core/durable-files.ts';
import { isDiskError, isNodeError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { DeliveryQueue, type QueueLimits } from './delivery-queue.ts';
import { isQueueDamage } from './queue-damage.ts';
import { QueueDatabase } from './queue-database.ts';
import { salvageDeliveries } from './queue-salvage.ts';

export interface OpenQueue {
  readonly path: string;
  readonly limits: Partial<QueueLimits> | undefined;
  readonly log: Logger;
  readonly now: () => number;
  /** What was found wrong with the one that is there. */
  readonly damage?: unknown;
}

/**
 * The queue at `path`. One that is damaged is set aside, and a new one is made of what can be read of it: without a
 * position, so that all that the journal still has is queued again.
 * @throws HoldfastError `disk.full`
 */
export async function openQueue({ damage, ...options }: OpenQueue): Promise<DeliveryQueue> {
  const { path } = options;
  if (!(await isThere(path)) && (await isThere(madeBeside(path)))) await takePlace(path);
  else if (damage !== undefined) return renewQueue(options, damage);
  try {
    return await openHere(options);
  } catch (error) {
    if (!isQueueDamage(error) && !(await isUnreadable(path, error))) throw error;
    return renewQueue(options, error);
  }
}

async function openHere({ path, limits }: Pick<OpenQueue, 'path' | 'limits'>): Promise<DeliveryQueue> {
  const database = await QueueDatabase.open(path);
  try {
    return new DeliveryQueue(database, limits);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** It is made beside the other one, and takes its place when it has everything: before, whatever fails begins again. */
async function renewQueue(options: Omit<OpenQueue, 'damage'>, damage: unknown): Promise<DeliveryQueue> {
  const { path, log, now } = options;
  const made = madeBeside(path);
  for (const file of filesOf(made)) await rm(file, { force: true });
  const kept = salvageDeliveries(path);
  const next = await openHere({ ...options, path: made });
  next.restore(kept, now());
  await next.sync();
  next.close();
  const setAside = await takePlace(path);
  log.error(
    { err: damage, setAside, waiting: kept.waiting.length, failed: kept.failed.length },
    'the queue of events was damaged and is set aside: what could be read of it is kept, what the journal still has is sent, some of it twice, and older events that waited or had failed may be lost',
  );
  return openHere(options);
}

const madeBeside = (path: string) => `${path}.new`;

/** Where it fails after the first step, the next opening goes on. Gives what the damaged one is called from now on. */
async function takePlace(path: string): Promise<string> {
  const setAside = await freeName(`${path}.damaged`);
  await move(path, setAside);
  await move(madeBeside(path), path);
  await syncDirectory(dirname(path));
  return setAside;
}

function filesOf(database: string): readonly string[] {
  return [database, `${database}-wal`, `${database}-shm`];
}

async function move(from: string, to: string): Promise<void> {
  const targets = filesOf(to);
  for (const [i, file] of filesOf(from).entries()) await rename(file, targets[i] ?? to).catch(unlessAbsent);
}

function unlessAbsent(error: unknown): void {
  if (!isNodeError(error, 'ENOENT')) throw error;
}

/** What is set aside is never written over. */
async function freeName(wanted: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!(await isThere(name))) return name;
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

const SQLITE_CANTOPEN = 14;

/** SQLite does not say why it cannot open a file. */
async function isUnreadable(path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof Error && 'errcode' in error) || error.errcode !== SQLITE_CANTOPEN) return false;
  return open(path, 'r').then(async (file) => file.close().then(() => false), isDiskError);
}
