import type { Operation } from '../operation.ts';
import { readXml } from '../request-xml.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

/** A location constraint is taken and means nothing: there is one region. */
export const createBucket: Operation = {
  name: 'CreateBucket',
  action: 'create-bucket',
  async handle(request, { store }) {
    refuseUnsupportedHeaders(request.headers);
    await readXml(request.body(), 'CreateBucketConfiguration', { optional: true });
    await store.createBucket(request.bucket);
    return { status: 200, headers: { location: `/${request.bucket}` } };
  },
};
