import { demandCustomerKey, readReadersKey } from '../encryption.ts';
import { readMoment } from '../moment.ts';
import { answerObject } from '../object-response.ts';
import type { Operation } from '../operation.ts';
import { orDeleteMarker, readVersionId } from '../versions.ts';

export const headObject: Operation = {
  name: 'HeadObject',
  action: 'read-object',
  readsPast: true,
  async handle(request, { store }) {
    const { bucket, key, query, headers: asked } = request;
    const customerKey = readReadersKey(asked);
    const version = { ...readVersionId(query), ...readMoment(asked), ...customerKey };
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    request.access.object(info);
    demandCustomerKey(info, customerKey);
    const { status, headers } = await answerObject(request, store, info);
    return { status, headers };
  },
};
