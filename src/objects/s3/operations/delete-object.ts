import type { RemovedObject } from '../../store/object.ts';
import type { Operation } from '../operation.ts';
import { readRemoveConditions } from '../preconditions.ts';
import { readVersionId } from '../versions.ts';

export const deleteObject: Operation = {
  name: 'DeleteObject',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, query, headers } = request;
    const bypassGovernance = await request.access.mayBypassGovernance(request, key);
    const options = { ...readVersionId(query), ...readRemoveConditions(headers), bypassGovernance };
    const removed = await store.remove(bucket, key, options);
    return { status: 204, headers: removalHeaders(removed) };
  },
};

function removalHeaders({ versionId, deleteMarker }: RemovedObject): Record<string, string> {
  return {
    ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
    ...(deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
  };
}
