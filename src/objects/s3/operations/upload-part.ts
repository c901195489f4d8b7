import { readPartRef } from '../multipart.ts';
import type { Operation } from '../operation.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { receiveUpload } from '../upload.ts';

export const uploadPart: Operation = {
  name: 'UploadPart',
  action: 'write-object',
  async handle(request, { store }) {
    refuseUnsupportedHeaders(request.headers);
    const part = readPartRef(request);
    const { size, bytes, checksums } = receiveUpload(request);
    const { etag } = await store.putPart({ ...part, body: bytes, size });
    return { status: 200, headers: { etag: `"${etag}"`, ...checksums } };
  },
};
