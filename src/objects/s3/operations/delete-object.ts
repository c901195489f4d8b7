import type { RemovedObject } from '../../engine/object-store.ts';
import type { Operation } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { readVersionId } from '../versions.ts';

export const deleteObject: Operation = {
  name: 'DeleteObject',
  action: 'write-object',
  async handle({ bucket, key, query, headers }, { store }) {
    const removed = await store.remove(bucket, key, { ...readVersionId(query), ...readWriteConditions(headers) });
    return { status: 204, headers: removalHeaders(removed) };
  },
};

function removalHeaders({ versionId, deleteMarker }: RemovedObject): Record<string, string> {
  return {
    ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
    ...(deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
  };
}
