import { uploadChecksum } from '../checksums/multipart-checksum.ts';
import { encryptionAnswer, readCustomerKey } from '../encryption.ts';
import { readPartRef } from '../multipart.ts';
import type { Operation } from '../operation.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { receivePart } from '../upload.ts';

export const uploadPart: Operation = {
  name: 'UploadPart',
  action: 'write-object',
  async handle(request, { store }) {
    refuseUnsupportedHeaders(request.headers);
    const part = readPartRef(request);
    const customerKey = readCustomerKey(request.headers);
    const upload = await store.findUpload(part);
    const { size, bytes, md5, checksums } = await receivePart(request, uploadChecksum(upload.metadata));
    const { etag } = await store.putPart({ ...part, body: bytes, size, md5, headers: checksums, ...customerKey });
    return { status: 200, headers: { etag: `"${etag}"`, ...encryptionAnswer(upload, request.headers), ...checksums } };
  },
};
