import { type Clock, systemClock } from '../../core/clock.ts';
import { isHoldfastCode } from '../../core/errors.ts';
import type { Keyring } from '../../core/keyring.ts';
import type { Logger } from '../../core/log.ts';
import { MIN_PART_BYTES } from '../store/multipart.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import { Committer } from './committer.ts';
import { Compaction } from './compaction.ts';
import { BucketKeys, checkMasterKey } from './encryption/bucket-keys.ts';
import { EngineObjectStore } from './engine-object-store.ts';
import type { EngineParts } from './engine-parts.ts';
import { engineErrors } from './errors.ts';
import { FeedConsumers } from './feed/feed-consumers.ts';
import { JournalFeed } from './feed/journal-feed.ts';
import { BodyWriter } from './files/body-writer.ts';
import { DataFiles } from './files/data-files.ts';
import { Journal } from './journal/journal.ts';
import { openIndex } from './open-index.ts';
import type { SalvageRecord } from './salvage-record.ts';
import { StoreDirectory } from './store-directory.ts';
import { Upkeep } from './upkeep.ts';

/** Objects up to this size live in the journal, larger ones in files of their own. */
const INLINE_LIMIT_BYTES = 128 * 2 ** 10;
const SEGMENT_BYTES = 32 * 2 ** 20;
const SLACK_BYTES = 4 * SEGMENT_BYTES;

/** The largest heads: metadata, and 10,000 parts. */
const LARGEST_HEAD_BYTES = 512 * 2 ** 10;

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
  /** The ring is known to be the right one, also where it opens the key of no bucket. */
  readonly isKeyringConfirmed?: boolean | undefined;
  /** Is told what was found damaged. */
  readonly log?: Logger | undefined;
}

/**
 * Opens or makes the store in `directory`, whatever state a crash left it in.
 * @throws HoldfastError `store.in-use`, `store.format`, `store.damaged`, `store.options`, `store.master-key`, `journal.corrupt`
 */
export async function openObjectStore(options: ObjectStoreOptions): Promise<OpenObjectStore> {
  return openEngine(options);
}

/** As `openObjectStore`, with what tests of the engine itself look at. */
export async function openEngine(options: ObjectStoreOptions): Promise<EngineObjectStore> {
  try {
    return await openOnce(options);
  } catch (error) {
    if (!isHoldfastCode(error, 'store.index-damaged')) throw error;
    return openOnce(options); // the index was set aside, and the session was not closed: another one is looked at first
  }
}

async function openOnce({
  directory: path,
  clock: wall = systemClock,
  segmentBytes = SEGMENT_BYTES,
  inlineLimitBytes = INLINE_LIMIT_BYTES,
  minPartBytes = MIN_PART_BYTES,
  slackBytes = SLACK_BYTES,
  onBucketChanged,
  keyring,
  isKeyringConfirmed = false,
  log,
}: ObjectStoreOptions): Promise<EngineObjectStore> {
  checkSizes(segmentBytes, inlineLimitBytes);
  const directory = await StoreDirectory.open(path, segmentBytes);
  await using opening = new AsyncDisposableStack();
  opening.defer(() => directory.release());
  const { salt, segmentBytes: actualSegmentBytes } = directory.format;
  checkSizes(actualSegmentBytes, inlineLimitBytes);
  const journalOptions = { directory: directory.journal, segmentBytes: actualSegmentBytes, salt };
  const journal = opening.adopt(await Journal.open(journalOptions), (journal) => journal.close());
  const files = await DataFiles.open(directory.files);
  const indexed = await openIndex({ directory, journal, wall, log });
  const { file: index, clock, isRebuild, rebuild: indexRebuild, salvage } = indexed;
  opening.defer(async () => {
    if (index.damageFound !== undefined) await directory.setIndexAside(index.damageFound);
  });
  const catalog = opening.adopt(indexed.catalog, (catalog) => catalog.close());
  const bucketKeys = keyring && new BucketKeys(keyring);
  checkMasterKey(catalog.buckets.rows(), { keys: bucketKeys, isConfirmed: isKeyringConfirmed });
  const mayHaveOrphans = (isRebuild || !directory.wasClosed) && !salvage.hasLosses;
  if (mayHaveOrphans) await files.removeOrphans((id) => catalog.files.count(id) > 0);
  const consumers = await FeedConsumers.open(directory.consumers);
  const feed = new JournalFeed({ journal, buckets: catalog.buckets, consumers });
  const store = assemble({
    directory,
    feed,
    journal,
    files,
    index,
    indexRebuild,
    salvage,
    catalog,
    clock,
    bucketKeys,
    inlineLimitBytes,
    minPartBytes,
    slackBytes,
    onBucketChanged,
  });
  for (const bucket of store.lostKeys)
    log?.error({ bucket }, 'the key of a bucket is lost: docs/damage.md says what to do');
  opening.move();
  return store;
}

function checkSizes(segmentBytes: number, inlineLimitBytes: number): void {
  if (segmentBytes % 4096 !== 0 || segmentBytes < inlineLimitBytes + LARGEST_HEAD_BYTES) {
    throw engineErrors.options(
      `segments of ${segmentBytes} bytes do not fit objects of ${inlineLimitBytes} bytes in them`,
    );
  }
}

/** What is there before anything is written. */
interface OpenedParts extends Omit<EngineParts, 'committer' | 'upkeep' | 'bodies'> {
  readonly salvage: SalvageRecord;
  readonly slackBytes: number;
}

function assemble(parts: OpenedParts): EngineObjectStore {
  const { journal, files, index, catalog, clock, feed, slackBytes, salvage } = parts;
  const committer: Committer = new Committer({
    journal,
    catalog,
    clock,
    onApplied: (records) => {
      for (const id of catalog.files.takeUnused()) files.discard(id);
      feed.appended(records);
      return upkeep.afterBatch();
    },
    onUnapplied: (error) => index.reportDamage(error),
  });
  const compaction = new Compaction({ journal, catalog, committer, feed, slackBytes });
  const upkeep = new Upkeep({ catalog, committer, compaction, salvage });
  return new EngineObjectStore({ ...parts, committer, upkeep, bodies: new BodyWriter() });
}
