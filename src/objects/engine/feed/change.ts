import type { Change } from '../../store/change-feed.ts';
import { NULL_VERSION, stampText, versionIdOf } from '../../store/version-id.ts';
import { decodeBucketHead } from '../catalog/bucket-table.ts';
import { decodeHead, type RemovalHead } from '../catalog/head.ts';
import { decodeVersionHead } from '../catalog/version.ts';
import type { WhiteoutHead } from '../catalog/whiteout-table.ts';
import { type JournalRecord, RecordKind } from '../journal/record.ts';

/** What a record means to those who follow the journal; without the object's bytes. */
export type ChangeRecord = Pick<JournalRecord, 'kind' | 'stamp' | 'bucket' | 'key' | 'head'>;

/** `undefined`: nothing that the feed tells. */
export function changeRecord({ kind, moved, stamp, bucket, key, head }: JournalRecord): ChangeRecord | undefined {
  const isTold = isOfObject({ kind, head }) || isOfBucket({ kind });
  return isTold && !moved ? { kind, stamp, bucket, key, head } : undefined;
}

/** What a fork hides of its base is a change where it was removed, not where it was replaced. */
function isOfObject({ kind, head }: Pick<ChangeRecord, 'kind' | 'head'>): boolean {
  if (kind === RecordKind.whiteout) return decodeHead<WhiteoutHead>(head).removed !== undefined;
  return kind === RecordKind.version || kind === RecordKind.removal;
}

export function isOfBucket({ kind }: Pick<ChangeRecord, 'kind'>): boolean {
  return kind === RecordKind.bucket || kind === RecordKind.bucketRemoval;
}

export function changeOf({ kind, stamp, bucket, key, head }: ChangeRecord): Change {
  if (kind === RecordKind.bucket) return { kind: 'bucket', bucket, settings: decodeBucketHead(head).bucket };
  if (kind === RecordKind.bucketRemoval) return { kind: 'bucket-removed', bucket };
  const object = { stamp, bucket, key: key.toString() };
  if (kind === RecordKind.whiteout) {
    const { removed = NULL_VERSION, byLifecycle } = decodeHead<WhiteoutHead>(head);
    return { kind: 'removed', ...object, versionId: removed, byLifecycle };
  }
  if (kind === RecordKind.removal) {
    const { version, byLifecycle } = decodeHead<RemovalHead>(head);
    const versionId = version === undefined ? NULL_VERSION : stampText(version);
    return { kind: 'removed', ...object, versionId, byLifecycle };
  }
  const { deleteMarker, byLifecycle, versioned, size, etag, origin } = decodeVersionHead(head);
  const versionId = versionIdOf({ versioned, stamp });
  if (deleteMarker) return { kind: 'delete-marker', ...object, versionId, byLifecycle };
  return { kind: 'created', ...object, versionId, size, etag, origin };
}
