import { assertVersion, versionHeader } from '../object-response.ts';
import { type Operation, xmlResponse } from '../operation.ts';

/** No object has tags, since writing them is refused; the aws cli asks before it copies a large object. */
export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle(request, { store }) {
    const info = await store.head(request.bucket, request.key);
    assertVersion(request, info);
    return xmlResponse('Tagging', { TagSet: {} }, { headers: versionHeader(info) });
  },
};
