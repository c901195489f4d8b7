import { pooledRandomBytes } from '../../core/random-pool.ts';
import type { AccessRecord } from '../access-log/access-record.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Expired } from './bucket-sweep.ts';

/** Who does it in S3's own logs; who reads them goes by that. */
const REQUESTER = 'AmazonS3';

/** What S3's access logs say of a removal that nobody asked for (User Guide, "S3 Lifecycle and logging"). */
export function expirationRecord(expired: Expired, { name }: Bucket, time: number): AccessRecord {
  const { key, versionId, size } = expired;
  return {
    bucket: name,
    time,
    requestId: pooledRandomBytes(8).toString('hex').toUpperCase(),
    operation: operationOf(expired),
    requester: REQUESTER,
    key,
    versionId,
    objectSize: size,
    ...{ requestLine: '', referer: '', userAgent: '' }, // there was no request
  };
}

function operationOf({ what, isHidden }: Expired): string {
  if (what === 'uploads') return 'S3.DELETE.UPLOAD';
  return isHidden ? 'S3.CREATE.DELETEMARKER' : 'S3.EXPIRE.OBJECT';
}
