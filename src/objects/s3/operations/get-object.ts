import { bytesWithin } from '../../store/held-read.ts';
import type { ByteRange, ObjectRead } from '../../store/object.ts';
import { readReadersKey } from '../encryption.ts';
import { readMoment } from '../moment.ts';
import { answerObject } from '../object-response.ts';
import type { Operation, S3Response } from '../operation.ts';
import { orDeleteMarker, readVersionId } from '../versions.ts';

export const getObject: Operation = {
  name: 'GetObject',
  action: 'read-object',
  readsPast: true,
  async handle(request, { store }) {
    const { bucket, key, query, headers: asked } = request;
    const version = { ...readVersionId(query), ...readMoment(asked), ...readReadersKey(asked) };
    const read = await orDeleteMarker(store, { bucket, key, ...version }, store.open(bucket, key, version));
    try {
      request.access.object(read.info);
      const { status, headers, range } = await answerObject(request, store, read.info);
      const body = status === 304 || read.info.size === 0 ? undefined : bodyOf(read, range);
      return { status, headers, body, release: () => read.release() };
    } catch (error) {
      read.release();
      throw error;
    }
  },
};

function bodyOf(read: ObjectRead, range: ByteRange | undefined): S3Response['body'] {
  return read.bytes ? bytesWithin(read.bytes, range) : read.body(range);
}
