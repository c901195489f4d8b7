import { answerObject } from '../object-response.ts';
import type { Operation } from '../operation.ts';

export const headObject: Operation = {
  name: 'HeadObject',
  action: 'read-object',
  async handle(request, { store }) {
    const { status, headers } = answerObject(request, await store.head(request.bucket, request.key));
    return { status, headers };
  },
};
