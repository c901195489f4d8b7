import type { ObjectInfo, ObjectMetadata } from '../../engine/object-store.ts';
import { checkSourceConditions, readCopySource } from '../copy-source.ts';
import { s3Errors } from '../errors.ts';
import { checksumHeaders, readMetadata } from '../metadata.ts';
import { versionHeader } from '../object-response.ts';
import { isoTime, type Operation, type S3Request, xmlResponse } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

/** Larger ones are copied by parts (S3 API, CopyObject). */
const MAX_COPY_BYTES = 5 * 2 ** 30;

export const copyObject: Operation = {
  name: 'CopyObject',
  action: 'write-object',
  async handle(request, { store }) {
    refuseUnsupportedHeaders(request.headers);
    const source = readCopySource(request);
    const target = { bucket: request.bucket, key: request.key };
    const found = await store.head(source.bucket, source.key);
    const sourceConditions = checkSourceConditions(request.headers, source, found);
    if (found.size > MAX_COPY_BYTES) {
      throw s3Errors.invalidRequest('the copy source is larger than the maximum of 5 GiB; copy it by parts');
    }
    const metadata = newMetadata(request, found);
    if (!metadata && source.bucket === target.bucket && source.key === target.key) {
      throw s3Errors.invalidRequest('an object can be copied to itself only with new metadata');
    }
    const conditions = readWriteConditions(request.headers);
    const info = await store.copy({ source, target, metadata, sourceConditions, conditions });
    return xmlResponse(
      'CopyObjectResult',
      { LastModified: isoTime(info.lastModified), ETag: `"${info.etag}"` },
      { headers: versionHeader(info) },
    );
  },
};

/** With `REPLACE`, the request's headers; the bytes stay, so their checksums do too. */
function newMetadata({ headers }: S3Request, source: ObjectInfo): ObjectMetadata | undefined {
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY';
  if (directive === 'COPY') return undefined;
  if (directive !== 'REPLACE') throw s3Errors.invalidArgument('x-amz-metadata-directive must be COPY or REPLACE');
  const metadata = readMetadata(headers);
  return { ...metadata, headers: { ...metadata.headers, ...checksumHeaders(source.metadata) } };
}
