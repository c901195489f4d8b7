import { assertVersion } from '../object-response.ts';
import type { Operation } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';

export const deleteObject: Operation = {
  name: 'DeleteObject',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, query, headers } = request;
    if (query.has('versionId')) assertVersion(request, await store.head(bucket, key));
    await store.remove(bucket, key, readWriteConditions(headers));
    return { status: 204 };
  },
};
