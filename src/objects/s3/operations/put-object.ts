import { checkAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { encryptionAnswer, requestedEncryption } from '../encryption.ts';
import { checksumAnswer, objectChecksum } from '../object-checksum.ts';
import { checkLockedUpload } from '../object-lock.ts';
import type { Operation } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { receiveObject } from '../upload.ts';
import { versionHeader } from '../versions.ts';

export const putObject: Operation = {
  name: 'PutObject',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, headers } = request;
    refuseUnsupportedHeaders(headers);
    const settings = requireBucket(store, bucket);
    checkAcl(settings, headers);
    checkLockedUpload(settings, headers);
    const encryption = requestedEncryption(headers, store, settings);
    const conditions = readWriteConditions(headers);
    const { size, bytes, metadata } = receiveObject(request);
    const info = await store.put({ bucket, key, body: bytes, size, metadata, conditions, ...encryption });
    return {
      status: 200,
      headers: {
        etag: `"${info.etag}"`,
        ...versionHeader(store, bucket, info),
        ...encryptionAnswer(info, headers),
        ...checksumAnswer(objectChecksum(info.metadata)),
      },
    };
  },
};
