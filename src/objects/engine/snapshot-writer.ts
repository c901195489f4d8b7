import type { Snapshot } from '../store/snapshot.ts';
import { checkNewSnapshot } from '../store/snapshot-names.ts';
import { type BucketCommits, bucketDraft } from './bucket-commits.ts';
import type { SnapshotRow } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import { findSnapshot, snapshotInfo } from './catalog/snapshot-rows.ts';
import type { HybridClock } from './hybrid-clock.ts';

interface SnapshotWriterOptions {
  readonly catalog: Catalog;
  readonly commits: BucketCommits;
  readonly clock: HybridClock;
}

/** Commits snapshots: each is a stamp in the bucket's record, whatever the bucket holds. */
export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
  }

  async create(bucket: string, name: string | undefined): Promise<Snapshot> {
    const { catalog, clock, commits } = this.#options;
    return commits.commit(bucket, () => {
      const row = commits.row(bucket);
      checkNewSnapshot(bucket, row.snapshots.map(snapshotInfo), name);
      const snapshot: SnapshotRow = { stamp: clock.tick(), name, ...catalog.usage(row) };
      const draft = bucketDraft(row.id, { ...row, snapshots: [...row.snapshots, snapshot] });
      return { draft, result: snapshotInfo(snapshot) };
    });
  }

  async remove(bucket: string, idOrName: string): Promise<void> {
    const { commits } = this.#options;
    await commits.commit(
      bucket,
      () => {
        const row = commits.row(bucket);
        const gone = findSnapshot(row, idOrName);
        const snapshots = row.snapshots.filter((one) => one !== gone);
        return { draft: bucketDraft(row.id, { ...row, snapshots }), result: undefined };
      },
      'remove',
    );
  }
}
