import { reachesBucket } from '../../access/key-scope.ts';
import { s3Errors } from '../errors.ts';
import { isoTime, type Operation, OWNER, type S3Request, xmlResponse } from '../operation.ts';

/** S3 API, ListBuckets: the most `max-buckets` can ask for, and what comes when nobody asks. */
const MAX_BUCKETS = 10_000;
/** With one of them the answer says each bucket's region (S3 API, ListBuckets, `Bucket`). */
const PARAMETERS = ['prefix', 'max-buckets', 'bucket-region', 'continuation-token'];

/** The buckets the key reaches, all for an operator's; by pages where there are more than asked for. */
export const listBuckets: Operation = {
  name: 'ListBuckets',
  action: 'list-buckets',
  async handle(request, { store, region }) {
    const { identity, query } = request;
    const prefix = query.get('prefix') ?? '';
    const after = readToken(query.get('continuation-token'));
    const isHere = [undefined, '', region].includes(query.get('bucket-region'));
    const limit = readLimit(request);
    const found = store
      .buckets()
      .filter(({ name }) => isHere && name > after && name.startsWith(prefix))
      .filter(({ name }) => identity.kind === 'key' && reachesBucket(identity, name));
    const page = found.slice(0, limit);
    const BucketRegion = PARAMETERS.some((name) => query.has(name)) ? region : undefined;
    return xmlResponse('ListAllMyBucketsResult', {
      Owner: OWNER,
      Buckets: {
        Bucket: page.map(({ name, createdAt }) => ({ Name: name, BucketRegion, CreationDate: isoTime(createdAt) })),
      },
      ContinuationToken: found.length > limit ? Buffer.from(page.at(-1)?.name ?? '').toString('base64url') : undefined,
      Prefix: prefix || undefined,
    });
  },
};

function readLimit({ query }: S3Request): number {
  const text = query.get('max-buckets');
  if (text === undefined) return MAX_BUCKETS;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_BUCKETS) return limit;
  throw s3Errors.invalidArgument(`max-buckets must be a number from 1 to ${MAX_BUCKETS}`);
}

/** The last name of the page before; bucket names are ASCII, which orders them as the store does. */
function readToken(token: string | undefined): string {
  return Buffer.from(token ?? '', 'base64url').toString();
}
