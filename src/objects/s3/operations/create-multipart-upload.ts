import { checkAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { requestedUploadChecksum, uploadChecksumAnswer, withUploadChecksum } from '../checksums/multipart-checksum.ts';
import { encryptionAnswer, requestedEncryption } from '../encryption.ts';
import { abortHeaders } from '../expiration.ts';
import { readMetadata } from '../metadata.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

export const createMultipartUpload: Operation = {
  name: 'CreateMultipartUpload',
  action: 'write-object',
  async handle({ bucket, key, headers }, { store }) {
    const found = requireBucket(store, bucket);
    const customerKey = requestedEncryption(headers, store, found);
    refuseUnsupportedHeaders(headers);
    checkAcl(found, headers);
    const checksum = requestedUploadChecksum(headers);
    const metadata = withUploadChecksum(readMetadata(headers), checksum);
    const upload = await store.createUpload(bucket, key, metadata, customerKey);
    return xmlResponse(
      'InitiateMultipartUploadResult',
      { Bucket: bucket, Key: key, UploadId: upload.uploadId },
      {
        headers: {
          ...uploadChecksumAnswer(checksum),
          ...encryptionAnswer(upload, headers),
          ...abortHeaders(store, bucket, upload),
        },
      },
    );
  },
};
