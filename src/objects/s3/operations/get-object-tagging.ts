import { type Operation, xmlResponse } from '../operation.ts';
import { orDeleteMarker, readVersionId, versionHeader } from '../versions.ts';

/** No object has tags, since writing them is refused; the aws cli asks before it copies a large object. */
export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle({ bucket, key, query }, { store }) {
    const version = readVersionId(query);
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    return xmlResponse('Tagging', { TagSet: {} }, { headers: versionHeader(store, bucket, info) });
  },
};
