import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { HoldfastError, isHoldfastCode, isNodeError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { IndexRebuild } from '../store/index-rebuild.ts';
import { Catalog } from './catalog/catalog.ts';
import { findIndexDamage } from './catalog/index-check.ts';
import { convertEarlierIndex, indexFileIn } from './catalog/index-conversion.ts';
import { INDEX_FILE, IndexFile } from './catalog/index-file.ts';
import { reasonOf } from './errors.ts';
import { HybridClock } from './hybrid-clock.ts';
import type { LocatedRecord } from './journal/batch.ts';
import type { Journal } from './journal/journal.ts';
import type { SegmentDamage } from './journal/journal-replay.ts';
import { RecordKind } from './journal/record.ts';
import { SalvageRecord } from './salvage-record.ts';
import type { StoreDirectory } from './store-directory.ts';

const REPLAY_FLUSH_ENTRIES = 4096;
/** How long an index is looked at though it was closed well: enough for the whole of one of 200,000 objects. */
const BRIEF_LOOK_MS = 250;

interface OpenIndex {
  readonly directory: StoreDirectory;
  readonly journal: Journal;
  readonly wall: Clock;
  readonly log: Logger | undefined;
}

interface ReplayedIndex {
  readonly salvage: SalvageRecord;
  readonly file: IndexFile;
  readonly catalog: Catalog;
  readonly clock: HybridClock;
  readonly isRebuild: boolean;
}

interface OpenedIndex extends ReplayedIndex {
  /** The last there was. */
  readonly rebuild: IndexRebuild | undefined;
}

/**
 * The index with all that the journal has. One that is damaged is no loss, since the journal has everything: it is
 * set aside, and built anew. Wrong pages of it end the process; so they are looked at before LMDB has them, all of
 * them after a session that did not end well.
 */
export async function openIndex(options: OpenIndex): Promise<OpenedIndex> {
  const { directory } = options;
  const startedAt = performance.now();
  const damage = await findDamage(directory);
  if (damage !== undefined) await setAside(options, damage);
  const opened = await openReplayed(options).catch(async (error: unknown) => {
    if (!isOfIndex(error)) throw error;
    await setAside(options, error);
    return openReplayed(options);
  });
  await directory.dropDamagedIndex();
  await flushIfRoom(opened.catalog); // the room that it took is there now
  return { ...opened, rebuild: await noteRebuild(options, opened, performance.now() - startedAt) };
}

async function noteRebuild(
  { directory: { rebuild: note }, wall, log }: OpenIndex,
  { isRebuild, catalog }: ReplayedIndex,
  ms: number,
): Promise<IndexRebuild | undefined> {
  const begun = await note.begun();
  if (!begun && !(isRebuild && catalog.nextBucket > 1)) return note.last();
  const rebuild = { ...begun, at: wall.now(), tookMs: Math.round(ms) };
  log?.warn(rebuild, 'the index of the object store has been built anew from the journal');
  await note.end(rebuild);
  return rebuild;
}

async function findDamage({ index, wasClosed }: StoreDirectory): Promise<string | undefined> {
  const name = await indexFileIn(index);
  const budgetMs = wasClosed ? BRIEF_LOOK_MS : undefined;
  return findIndexDamage(join(index, name), { isChecked: name === INDEX_FILE, budgetMs });
}

/** Not of the journal, nor of the disk: Node's errors name the call that failed, LMDB's do not. */
function isOfIndex(error: unknown): boolean {
  if (error instanceof HoldfastError) return isHoldfastCode(error, 'store.index-damaged');
  return !(isNodeError(error) && error.syscall !== undefined);
}

async function setAside({ directory, log }: OpenIndex, damage: unknown): Promise<void> {
  log?.error(
    { err: damage },
    'the index of the object store is damaged: it is set aside, and built anew from the journal',
  );
  const isTold = isHoldfastCode(damage, 'store.index-damaged');
  await directory.setIndexAside(reasonOf(isTold ? (damage as HoldfastError).cause : damage));
}

async function openReplayed({ directory, journal, wall, log }: OpenIndex): Promise<ReplayedIndex> {
  const salvage = await SalvageRecord.open(directory.damaged, log);
  const maySalvage = await directory.maySalvage();
  const clock = new HybridClock(wall);
  const startedAt = performance.now();
  if (await convertEarlierIndex(directory.index)) {
    const ms = Math.round(performance.now() - startedAt);
    log?.info({ ms }, 'the index of the object store, of an earlier version, has been given checksums');
  }
  const file = IndexFile.open(directory.index, await indexFileIn(directory.index));
  try {
    const catalog = new Catalog(file, clock, (position) => journal.sequenceOf(position));
    for (const _ of catalog.findNulls()) await flushIfRoom(catalog);
    const isRebuild = catalog.savedPosition === 0;
    await replay(journal, catalog, maySalvage ? { salvage, log } : undefined);
    if (maySalvage && catalog.pending === 0) await directory.endSalvage();
    return { file, catalog, clock, isRebuild, salvage };
  } catch (error) {
    await file.close().catch(() => {}); // what was wrong before it is told
    throw error;
  }
}

interface Salvaging {
  readonly salvage: SalvageRecord;
  readonly log: Logger | undefined;
}

async function replay(journal: Journal, catalog: Catalog, salvaging: Salvaging | undefined): Promise<void> {
  const removed = new Set<number>();
  const visit = async (located: LocatedRecord) => {
    if (located.record.kind === RecordKind.bucketRemoval) removed.add(located.record.bucket);
    catalog.apply(located);
    catalog.reached(located.position + located.length);
    if (catalog.pending >= REPLAY_FLUSH_ENTRIES) await flushIfRoom(catalog);
  };
  const onDamage = salvaging && ((damage: SegmentDamage) => keepDamage(damage, salvaging));
  await journal.replay(catalog.savedPosition, visit, onDamage);
  if (salvaging) catalog.reached(journal.position); // behind what is damaged at the end
  const { rebuilding } = catalog.retained;
  catalog.endReplay();
  if (rebuilding) await prune(catalog).catch(() => {}); // on a full disk later
  catalog.files.takeUnused(); // removed as orphans: a later record may still have used them
  await flushIfRoom(catalog);
  if (!salvaging?.salvage.hasLosses) return;
  await salvaging.salvage.addBuckets(catalog.removedBuckets().filter((id) => !removed.has(id)));
}

/** Before anything behind it is applied: the index would take it for known, and the segment will be emptied. */
async function keepDamage(damage: SegmentDamage, { salvage, log }: Salvaging): Promise<void> {
  await salvage.add(damage);
  const { segment, lost } = damage;
  log?.error({ segment, lost }, 'a part of the journal is lost: what is whole of the segment is kept');
}

/** Drops what was retained only because not all snapshots were known yet. */
async function prune(catalog: Catalog): Promise<void> {
  for (const bucket of catalog.retained.prunable) {
    for (let more = true; more; more = catalog.retained.pruneStep(bucket)) await catalog.flush();
  }
}

/** On a full disk the changes stay in memory, and the store opens all the same. */
async function flushIfRoom(catalog: Catalog): Promise<void> {
  await catalog.flush().catch(() => {});
}
