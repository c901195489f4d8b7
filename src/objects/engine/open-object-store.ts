import { type Clock, systemClock } from '../../core/clock.ts';
import type { Keyring } from '../../core/keyring.ts';
import { MIN_PART_BYTES } from '../store/multipart.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import { Catalog } from './catalog/catalog.ts';
import { IndexFile } from './catalog/index-file.ts';
import { Committer } from './committer.ts';
import { Compaction } from './compaction.ts';
import { BucketKeys, checkMasterKey } from './encryption/bucket-keys.ts';
import { EngineObjectStore } from './engine-object-store.ts';
import { engineErrors } from './errors.ts';
import { FeedConsumers } from './feed/feed-consumers.ts';
import { JournalFeed } from './feed/journal-feed.ts';
import { BodyWriter } from './files/body-writer.ts';
import { DataFiles } from './files/data-files.ts';
import { HybridClock } from './hybrid-clock.ts';
import { Journal } from './journal/journal.ts';
import { StoreDirectory } from './store-directory.ts';
import { Upkeep } from './upkeep.ts';

/** Objects up to this size live in the journal, larger ones in files of their own. */
const INLINE_LIMIT_BYTES = 128 * 2 ** 10;
const SEGMENT_BYTES = 32 * 2 ** 20;
const SLACK_BYTES = 4 * SEGMENT_BYTES;

/** The largest heads: metadata, and 10,000 parts. */
const LARGEST_HEAD_BYTES = 512 * 2 ** 10;
const REPLAY_FLUSH_ENTRIES = 4096;

export interface ObjectStoreOptions {
  readonly directory: string;
  readonly clock?: Clock;
  /** Of a new store; an existing one keeps its own. */
  readonly segmentBytes?: number;
  readonly inlineLimitBytes?: number;
  readonly minPartBytes?: number;
  /** Garbage in the journal that is left alone. */
  readonly slackBytes?: number;
  /** Called when a bucket has changed or is gone; the change is answered when it has resolved. */
  readonly onBucketChanged?: ((name: string) => Promise<void>) | undefined;
  /** Seals the keys of buckets: with it everything is encrypted that is written from now on. */
  readonly keyring?: Keyring | undefined;
}

/**
 * Opens or makes the store in `directory`, whatever state a crash left it in.
 * @throws HoldfastError `store.in-use`, `store.format`, `store.damaged`, `store.options`, `store.master-key`, `journal.corrupt`
 */
export async function openObjectStore(options: ObjectStoreOptions): Promise<OpenObjectStore> {
  return openEngine(options);
}

/** As `openObjectStore`, with what tests of the engine itself look at. */
export async function openEngine({
  directory: path,
  clock: wall = systemClock,
  segmentBytes = SEGMENT_BYTES,
  inlineLimitBytes = INLINE_LIMIT_BYTES,
  minPartBytes = MIN_PART_BYTES,
  slackBytes = SLACK_BYTES,
  onBucketChanged,
  keyring,
}: ObjectStoreOptions): Promise<EngineObjectStore> {
  checkSizes(segmentBytes, inlineLimitBytes);
  const directory = await StoreDirectory.open(path, segmentBytes);
  await using opening = new AsyncDisposableStack();
  opening.defer(() => directory.release());
  const { salt, segmentBytes: actualSegmentBytes } = directory.format;
  checkSizes(actualSegmentBytes, inlineLimitBytes);
  const clock = new HybridClock(wall);
  const journalOptions = { directory: directory.journal, segmentBytes: actualSegmentBytes, salt };
  const journal = opening.adopt(await Journal.open(journalOptions), (journal) => journal.close());
  const files = await DataFiles.open(directory.files);
  const catalog = opening.adopt(await openCatalog(directory, journal, clock), (catalog) => catalog.close());
  const isRebuild = catalog.savedPosition === 0;
  await replay(journal, catalog);
  const bucketKeys = keyring && new BucketKeys(keyring);
  checkMasterKey(bucketKeys, catalog.buckets.rows());
  if (isRebuild || !directory.wasClosed) await files.removeOrphans((id) => catalog.files.count(id) > 0);
  const consumers = await FeedConsumers.open(directory.consumers);
  const feed = new JournalFeed({ journal, buckets: catalog.buckets, consumers });
  opening.move();
  return assemble({
    directory,
    feed,
    journal,
    files,
    catalog,
    clock,
    bucketKeys,
    inlineLimitBytes,
    minPartBytes,
    slackBytes,
    onBucketChanged,
  });
}

function checkSizes(segmentBytes: number, inlineLimitBytes: number): void {
  if (segmentBytes % 4096 !== 0 || segmentBytes < inlineLimitBytes + LARGEST_HEAD_BYTES) {
    throw engineErrors.options(
      `segments of ${segmentBytes} bytes do not fit objects of ${inlineLimitBytes} bytes in them`,
    );
  }
}

/** An index that cannot be read is no loss: the journal has everything. Where a process has died, that may have been why. */
async function openCatalog(directory: StoreDirectory, journal: Journal, clock: HybridClock): Promise<Catalog> {
  if (!directory.wasClosed && !(await IndexFile.isOnDisk(directory.index))) await directory.discardIndex();
  const open = () => new Catalog(IndexFile.open(directory.index), clock, (position) => journal.sequenceOf(position));
  try {
    return open();
  } catch {
    await directory.discardIndex();
    return open();
  }
}

async function replay(journal: Journal, catalog: Catalog): Promise<void> {
  await journal.replay(catalog.savedPosition, async (located) => {
    catalog.apply(located);
    catalog.reached(located.position + located.length);
    if (catalog.pending >= REPLAY_FLUSH_ENTRIES) await flushIfRoom(catalog);
  });
  const { rebuilding } = catalog.retained;
  catalog.endReplay();
  if (rebuilding) await prune(catalog).catch(() => {}); // on a full disk later
  catalog.files.takeUnused(); // removed as orphans: a later record may still have used them
  await flushIfRoom(catalog);
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

interface Parts {
  readonly directory: StoreDirectory;
  readonly journal: Journal;
  readonly files: DataFiles;
  readonly catalog: Catalog;
  readonly clock: HybridClock;
  readonly feed: JournalFeed;
  readonly bucketKeys: BucketKeys | undefined;
  readonly inlineLimitBytes: number;
  readonly minPartBytes: number;
  readonly slackBytes: number;
  readonly onBucketChanged: ((name: string) => Promise<void>) | undefined;
}

function assemble(parts: Parts): EngineObjectStore {
  const { journal, files, catalog, clock, feed, slackBytes } = parts;
  const committer: Committer = new Committer({
    journal,
    catalog,
    clock,
    onApplied: (records) => {
      for (const id of catalog.files.takeUnused()) files.discard(id);
      feed.appended(records);
      return upkeep.afterBatch();
    },
  });
  const compaction = new Compaction({ journal, catalog, committer, feed, slackBytes });
  const upkeep = new Upkeep({ catalog, committer, compaction });
  return new EngineObjectStore({ ...parts, committer, upkeep, bodies: new BodyWriter() });
}
