import type { ObjectInfo, WriteConditions } from '../engine/object-store.ts';
import { s3Errors } from './errors.ts';
import type { S3Request } from './operation.ts';
import { evaluateConditions, readConditions } from './preconditions.ts';

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

/**
 * `x-amz-copy-source: [/]bucket/key[?versionId=…]`, percent-encoded; the caller must be allowed to read it.
 * @throws HoldfastError `s3.invalid-argument`, `access.denied`
 */
export async function readCopySource(request: S3Request): Promise<CopySource> {
  const header = request.headers.get('x-amz-copy-source') ?? '';
  const [path = '', versionId] = header.split('?versionId=');
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decodeSource(path));
  const [, bucket, key] = match ?? [];
  if (!bucket || !key) throw s3Errors.invalidArgument('x-amz-copy-source must name a bucket and a key');
  const source = { bucket, key, versionId };
  await request.access.copySource(source, 'GetObject');
  return source;
}

/**
 * @returns what the store must check once more, in the order of its writes
 * @throws HoldfastError `s3.precondition-failed`
 */
export function checkSourceConditions(headers: S3Request['headers'], info: ObjectInfo): WriteConditions | undefined {
  const conditions = readConditions(headers, 'x-amz-copy-source-');
  if (Object.values(conditions).every((condition) => condition === undefined)) return undefined;
  if (evaluateConditions(conditions, info) === 'proceed') return { ifMatch: info.etag };
  throw s3Errors.preconditionFailed('at least one of the pre-conditions on the copy source did not hold');
}

/** Header values come as latin-1; a key that was not percent-encoded is UTF-8 in it. */
function decodeSource(path: string): string {
  try {
    return decodeURIComponent(Buffer.from(path, 'latin1').toString('utf8'));
  } catch {
    throw s3Errors.invalidArgument('x-amz-copy-source is not percent-encoded UTF-8');
  }
}
