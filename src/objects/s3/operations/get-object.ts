import { answerObject } from '../object-response.ts';
import type { Operation } from '../operation.ts';

export const getObject: Operation = {
  name: 'GetObject',
  action: 'read-object',
  async handle(request, { store }) {
    const read = await store.open(request.bucket, request.key);
    try {
      const { status, headers, range } = answerObject(request, read.info);
      const body = status === 304 || read.info.size === 0 ? undefined : read.body(range);
      return { status, headers, body, release: () => read.release() };
    } catch (error) {
      read.release();
      throw error;
    }
  },
};
