import type { Identity } from '../../access/authenticate.ts';
import { isoTime, type Operation, OWNER, xmlResponse } from '../operation.ts';

/** The buckets the key reaches, all for an operator's. */
export const listBuckets: Operation = {
  name: 'ListBuckets',
  action: 'list-buckets',
  async handle({ identity }, { store }) {
    const buckets = store
      .buckets()
      .filter(({ name }) => reaches(identity, name))
      .map(({ name, createdAt }) => ({ Name: name, CreationDate: isoTime(createdAt) }));
    return xmlResponse('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket: buckets } });
  },
};

function reaches(identity: Identity, bucket: string): boolean {
  return identity.kind === 'key' && (identity.buckets === '*' || identity.buckets.includes(bucket));
}
