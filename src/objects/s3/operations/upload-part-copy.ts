import { checkSourceConditions, readCopySource } from '../copy-source.ts';
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
  async handle(request, { store }) {
    refuseUnsupportedHeaders(request.headers);
    const source = await readCopySource(request);
    const part = readPartRef(request);
    const read = await store.open(source.bucket, source.key, source);
    try {
      checkSourceConditions(request.headers, read.info);
      const header = request.headers.get('x-amz-copy-source-range');
      const range = header === undefined ? undefined : copyRange(header, read.info.size);
      const size = range ? range.end - range.start + 1 : read.info.size;
      if (size > MAX_UPLOAD_BYTES) throw s3Errors.entityTooLarge('a part is at most 5 GiB');
      const { etag, lastModified } = await store.putPart({ ...part, body: read.body(range), size });
      return xmlResponse(
        'CopyPartResult',
        { LastModified: isoTime(lastModified), ETag: `"${etag}"` },
        { headers: versionHeader(store, source.bucket, read.info, 'x-amz-copy-source-version-id') },
      );
    } finally {
      read.release();
    }
  },
};
