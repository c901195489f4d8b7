import type { IndexRebuild } from '../store/index-rebuild.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { IndexFile } from './catalog/index-file.ts';
import type { Committer } from './committer.ts';
import type { BucketKeys } from './encryption/bucket-keys.ts';
import type { JournalFeed } from './feed/journal-feed.ts';
import type { BodyWriter } from './files/body-writer.ts';
import type { DataFiles } from './files/data-files.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { Journal } from './journal/journal.ts';
import type { StoreDirectory } from './store-directory.ts';
import type { Upkeep } from './upkeep.ts';

/** What `openObjectStore` puts together. */
export interface EngineParts {
  readonly directory: StoreDirectory;
  readonly journal: Journal;
  readonly files: DataFiles;
  readonly index: IndexFile;
  readonly indexRebuild: IndexRebuild | undefined;
  readonly catalog: Catalog;
  readonly clock: HybridClock;
  readonly committer: Committer;
  readonly upkeep: Upkeep;
  readonly feed: JournalFeed;
  readonly bodies: BodyWriter;
  readonly bucketKeys: BucketKeys | undefined;
  readonly inlineLimitBytes: number;
  readonly minPartBytes: number;
  readonly onBucketChanged: ((name: string) => Promise<void>) | undefined;
}

/** Who writes first ends first, whatever fails; the session has ended well only with the index on the disk. */
export async function closeParts(parts: EngineParts): Promise<void> {
  const { committer, upkeep, files, index, catalog, journal, directory, feed, bodies } = parts;
  await using closing = new AsyncDisposableStack();
  closing.defer(() => directory.release());
  closing.defer(() => journal.close());
  feed.close();
  await upkeep.close();
  await committer.close();
  await bodies.close();
  await files.close();
  const saved = await catalog.flush().then(
    () => true,
    () => false,
  );
  await catalog.close().catch(async (error: unknown) => {
    await directory.distrustIndex().catch(() => {}); // nothing can be written
    throw error;
  });
  if (index.damageFound !== undefined) await directory.setIndexAside(index.damageFound);
  else if (saved && !files.hasUnfinished && !journal.hasFailed) await directory.endSession();
}
