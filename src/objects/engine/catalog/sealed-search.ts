import { bucketRange, IndexTable, versionKey } from './index-keys.ts';
import type { ObjectIndex } from './object-index.ts';
import type { UploadTable } from './upload-table.ts';

const STEP_VERSIONS = 1000;
const NEXT = Buffer.of(0);

interface Searched {
  readonly index: ObjectIndex;
  readonly uploads: UploadTable;
}

/**
 * Looks for an upload or a version that the key of the bucket has sealed, of the present or of a snapshot. For buckets that have
 * no key: what is written meanwhile is not sealed, so each step may read what is there then.
 */
export function* findSealed(bucket: number, { index, uploads }: Searched): Generator<void, boolean> {
  if (uploads.ofBucket(bucket).some(({ head }) => head?.sealedKey !== undefined)) return true;
  for (const table of [IndexTable.version, IndexTable.retained] as const) {
    const { start, end } = bucketRange(bucket, table);
    for (let from: Buffer | undefined = start; from; yield) {
      const versions = index.versionsBefore(end)(from);
      let seen = 0;
      from = undefined;
      for (const found of versions) {
        if (found.sealed) return true;
        if (++seen < STEP_VERSIONS) continue;
        from = Buffer.concat([versionKey(found.prefix, found.stamp), NEXT]);
        break;
      }
    }
  }
  return false;
}
