import type { BaseRow, BucketTable } from './bucket-table.ts';
import { bucketRange, IndexTable, versionKey } from './index-keys.ts';
import type { ObjectIndex } from './object-index.ts';
import type { UploadTable } from './upload-table.ts';

const STEP_VERSIONS = 1000;
const NEXT = Buffer.of(0);

interface Searched {
  readonly index: ObjectIndex;
  readonly uploads: UploadTable;
  readonly buckets: BucketTable;
}

/**
 * Looks for an upload or a version that the key of the bucket has sealed, of the present or of a snapshot, or that it
 * shows as a fork. For buckets that have no key: what is written meanwhile is not sealed, so each step may read what is
 * there then. Only what came to a base after its fork is sealed by a key that the fork need not have.
 */
export function* findSealed(bucket: number, { index, uploads, buckets }: Searched): Generator<void, boolean> {
  if (uploads.ofBucket(bucket).some(({ head }) => head?.sealedKey !== undefined)) return true;
  let upTo = Number.POSITIVE_INFINITY;
  for (let next: number | undefined = bucket; next !== undefined; ) {
    if (yield* findSealedVersion(index, next, upTo)) return true;
    const base: BaseRow | undefined = buckets.byId(next)?.base;
    upTo = Math.min(upTo, base?.stamp ?? upTo);
    next = base?.bucket;
  }
  return false;
}

function* findSealedVersion(index: ObjectIndex, bucket: number, upTo: number): Generator<void, boolean> {
  for (const table of [IndexTable.version, IndexTable.retained] as const) {
    const { start, end } = bucketRange(bucket, table);
    for (let from: Buffer | undefined = start; from; yield) {
      const versions = index.versionsBefore(end)(from);
      let seen = 0;
      from = undefined;
      for (const found of versions) {
        if (found.stamp <= upTo && found.sealed) return true;
        if (++seen < STEP_VERSIONS) continue;
        from = Buffer.concat([versionKey(found.prefix, found.stamp), NEXT]);
        break;
      }
    }
  }
  return false;
}
