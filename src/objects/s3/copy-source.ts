import { type CopySource, parseCopySource } from '../access/copy-source.ts';
import { isBucketName } from '../store/names.ts';
import type { CustomerKey, ObjectInfo, WriteConditions } from '../store/object.ts';
import type { Moment } from '../store/snapshot.ts';
import { readSourceKey } from './encryption.ts';
import { s3Errors } from './errors.ts';
import { readMoment } from './moment.ts';
import type { S3Request } from './operation.ts';
import { evaluateConditions, readConditions } from './preconditions.ts';

/** As of when, and with the key that its customer keeps. */
export interface ReadableSource extends CopySource, Moment, CustomerKey {}

/**
 * What `x-amz-copy-source` names; the caller must be allowed to read it.
 * @throws HoldfastError `s3.invalid-argument`, `s3.invalid-request`, `access.denied`
 */
export async function readCopySource(request: S3Request): Promise<ReadableSource> {
  refuseBody(request.headers);
  const named = parseCopySource(request.headers.get('x-amz-copy-source') ?? '');
  if (!named) throw s3Errors.invalidArgument('x-amz-copy-source must name a bucket and a key, percent-encoded');
  if (!isBucketName(named.bucket)) throw s3Errors.invalidArgument('Invalid copy source bucket name');
  const source = { ...named, ...readMoment(request.headers), ...readSourceKey(request.headers) };
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

/** Who sends bytes means them to be stored, and here they would be dropped. */
function refuseBody(headers: S3Request['headers']): void {
  if (Number(headers.get('content-length') ?? 0) === 0) return;
  throw s3Errors.invalidRequest(
    'The request included a body. Requests of this type must not include a non-empty body.',
  );
}
