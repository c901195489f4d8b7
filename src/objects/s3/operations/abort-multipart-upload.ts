import { readUploadRef } from '../multipart.ts';
import type { Operation } from '../operation.ts';

export const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  action: 'write-object',
  async handle(request, { store }) {
    await store.abortUpload(readUploadRef(request));
    return { status: 204 };
  },
};
