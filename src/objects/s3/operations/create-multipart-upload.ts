import { checkAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { readMetadata } from '../metadata.ts';
import { requestedUploadChecksum, uploadChecksumAnswer, withUploadChecksum } from '../multipart-checksum.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

export const createMultipartUpload: Operation = {
  name: 'CreateMultipartUpload',
  action: 'write-object',
  async handle({ bucket, key, headers }, { store }) {
    refuseUnsupportedHeaders(headers);
    checkAcl(requireBucket(store, bucket), headers);
    const checksum = requestedUploadChecksum(headers);
    const metadata = withUploadChecksum(readMetadata(headers), checksum);
    const { uploadId } = await store.createUpload(bucket, key, metadata);
    return xmlResponse(
      'InitiateMultipartUploadResult',
      { Bucket: bucket, Key: key, UploadId: uploadId },
      { headers: uploadChecksumAnswer(checksum) },
    );
  },
};
