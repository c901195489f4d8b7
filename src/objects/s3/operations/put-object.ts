import { versionHeader } from '../object-response.ts';
import type { Operation } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { receiveObject } from '../upload.ts';

export const putObject: Operation = {
  name: 'PutObject',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, headers } = request;
    refuseUnsupportedHeaders(headers);
    const conditions = readWriteConditions(headers);
    const { size, bytes, metadata, checksums } = receiveObject(request);
    const info = await store.put({ bucket, key, body: bytes, size, metadata, conditions });
    return { status: 200, headers: { etag: `"${info.etag}"`, ...versionHeader(info), ...checksums } };
  },
};
