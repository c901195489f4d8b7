import type { PutObject } from '../../store/object.ts';
import { checkAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { checksumAnswer, objectChecksum } from '../checksums/object-checksum.ts';
import { encryptionAnswer, requestedEncryption } from '../encryption.ts';
import { expirationHeader } from '../expiration.ts';
import { checkLockedUpload } from '../object-lock.ts';
import type { Operation, S3Context, S3Request, S3Response } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { receiveObject } from '../upload.ts';
import { writtenVersionHeader } from '../versions.ts';

export const putObject: Operation = {
  name: 'PutObject',
  action: 'write-object',
  handle: (request, context) => storeObject(request, context, 'put'),
};

/** Of a form, its fields stand for the headers. */
export async function storeObject(
  request: S3Request,
  { store }: S3Context,
  origin: PutObject['origin'],
): Promise<S3Response> {
  const { bucket, key, headers } = request;
  const settings = requireBucket(store, bucket);
  const encryption = requestedEncryption(headers, store, settings);
  refuseUnsupportedHeaders(headers);
  checkAcl(settings, headers);
  checkLockedUpload(settings, headers);
  const conditions = readWriteConditions(headers);
  const { size, bytes, md5, metadata } = await receiveObject(request);
  const info = await store.put({ bucket, key, body: bytes, size, md5, metadata, conditions, origin, ...encryption });
  return {
    status: 200,
    headers: {
      etag: `"${info.etag}"`,
      ...writtenVersionHeader(info),
      ...encryptionAnswer(info, headers),
      ...expirationHeader(store, bucket, info),
      ...checksumAnswer(objectChecksum(info.metadata)),
    },
  };
}
