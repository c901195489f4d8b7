import type { Usage } from '../../store/bucket.ts';
import { addUsage, type Counted, NOTHING, usageOf } from '../../store/usage.ts';
import { IndexTable } from './index-keys.ts';
import { setRow, storedRows } from './index-rows.ts';
import type { ObjectIndex } from './object-index.ts';

/** The bucket's own versions; what it keeps for snapshots and forks; what it, a fork, hides of its base. */
type Account = 'live' | 'retained' | 'hidden';

interface UsageRow extends Usage {
  readonly retained?: Usage | undefined;
  readonly hidden?: Usage | undefined;
  /** Delete markers that are hidden count here. */
  readonly whiteouts?: number | undefined;
}

/** What the versions of each bucket add up to, in memory. */
export class UsageTable {
  readonly #index: ObjectIndex;
  readonly #rows = new Map<number, UsageRow>();
  readonly #changed = new Set<number>();

  constructor(index: ObjectIndex) {
    this.#index = index;
    for (const [id, row] of storedRows<UsageRow>(index, IndexTable.usage)) this.#rows.set(Number(id), row);
  }

  of(bucket: number, account: Account): Usage {
    const row = this.#rows.get(bucket) ?? NOTHING;
    return account === 'live' ? { objects: row.objects, bytes: row.bytes } : ((row as UsageRow)[account] ?? NOTHING);
  }

  count(bucket: number, account: Account, { version, sign }: { version: Counted; sign: 1 | -1 }): void {
    if (version.deleteMarker) return;
    const after = addUsage(this.of(bucket, account), usageOf(version), sign);
    const row = this.#rows.get(bucket) ?? NOTHING;
    this.#rows.set(bucket, account === 'live' ? { ...row, ...after } : { ...row, [account]: after });
    this.#changed.add(bucket);
  }

  /** How many versions and delete markers the fork hides. */
  whiteouts(bucket: number): number {
    return this.#rows.get(bucket)?.whiteouts ?? 0;
  }

  countWhiteouts(bucket: number, whiteouts: number): void {
    const row = this.#rows.get(bucket) ?? NOTHING;
    this.#rows.set(bucket, { ...row, whiteouts });
    this.#changed.add(bucket);
  }

  addWhiteout(bucket: number, hidden: Counted): void {
    this.countWhiteouts(bucket, this.whiteouts(bucket) + 1);
    this.count(bucket, 'hidden', { version: hidden, sign: 1 });
  }

  forget(bucket: number): void {
    this.#rows.delete(bucket);
    this.#changed.add(bucket);
  }

  save(): void {
    for (const bucket of this.#changed) setRow(this.#index, IndexTable.usage, bucket, this.#rows.get(bucket));
    this.#changed.clear();
  }
}
