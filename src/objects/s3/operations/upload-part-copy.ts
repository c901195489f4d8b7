import { summedUp } from '../checksums/checksums.ts';
import { uploadChecksum } from '../checksums/multipart-checksum.ts';
import { checksumValues } from '../checksums/object-checksum.ts';
import { checkSourceConditions, readCopySource } from '../copy-source.ts';
import { encryptionAnswer, readCustomerKey } from '../encryption.ts';
import { s3Errors } from '../errors.ts';
import { readPartRef } from '../multipart.ts';
import { isoTime, type Operation, xmlResponse } from '../operation.ts';
import { copyRange } from '../range.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { MAX_UPLOAD_BYTES } from '../upload.ts';
import { versionHeader } from '../versions.ts';

/** The bytes are read and written again: parts are files of their own. */
export const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  action: 'write-object',
  readsPast: true,
  async handle(request, { store }) {
    refuseUnsupportedHeaders(request.headers);
    const source = await readCopySource(request);
    const part = readPartRef(request);
    const customerKey = readCustomerKey(request.headers);
    const upload = await store.findUpload(part);
    const expected = uploadChecksum(upload.metadata);
    const read = await store.open(source.bucket, source.key, source);
    try {
      checkSourceConditions(request.headers, read.info);
      const header = request.headers.get('x-amz-copy-source-range');
      const range = header === undefined ? undefined : copyRange(header, read.info.size);
      const size = range ? range.end - range.start + 1 : read.info.size;
      if (size > MAX_UPLOAD_BYTES) throw s3Errors.entityTooLarge('a part is at most 5 GiB');
      const sums: Record<string, string> = {};
      const body = expected ? summedUp(read.body(range), expected.algorithm, sums) : read.body(range);
      const { etag, lastModified } = await store.putPart({ ...part, body, size, headers: sums, ...customerKey });
      return xmlResponse(
        'CopyPartResult',
        { LastModified: isoTime(lastModified), ETag: `"${etag}"`, ...checksumValues(sums) },
        {
          headers: {
            ...versionHeader(store, source.bucket, read.info, 'x-amz-copy-source-version-id'),
            ...encryptionAnswer(upload, request.headers),
          },
        },
      );
    } finally {
      read.release();
    }
  },
};
