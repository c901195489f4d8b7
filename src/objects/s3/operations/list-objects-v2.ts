import type { ListObjects } from '../../store/list.ts';
import { s3Errors } from '../errors.ts';
import { checkOptionalAttributes, listingEntries, readListing } from '../listing.ts';
import { readMoment } from '../moment.ts';
import { type Operation, xmlResponse } from '../operation.ts';

export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  action: 'list-objects',
  readsPast: true,
  async handle({ bucket, query, headers }, { store }) {
    if (query.get('list-type') !== '2') throw s3Errors.invalidArgument('Invalid List Type specified in Request');
    checkOptionalAttributes(headers);
    const listing = readListing(query);
    const { prefix, delimiter, limit, encode } = listing;
    const token = query.get('continuation-token');
    const startAfter = query.get('start-after');
    const from = token === undefined ? { after: startAfter || undefined } : decodeToken(token);
    const page = await store.list({ bucket, ...readMoment(headers), prefix, delimiter, ...from, limit });
    return xmlResponse('ListBucketResult', {
      Name: bucket,
      Prefix: encode(prefix),
      Delimiter: delimiter && encode(delimiter),
      MaxKeys: limit,
      EncodingType: listing.encodingType,
      KeyCount: page.objects.length + page.commonPrefixes.length,
      IsTruncated: page.next !== undefined,
      ContinuationToken: token,
      NextContinuationToken: page.next === undefined ? undefined : encodeToken(page.next, page.pins),
      StartAfter: startAfter && encode(startAfter),
      ...listingEntries(page, { encode, owner: query.get('fetch-owner') === 'true' }),
    });
  },
};

/** No character of base64url. */
const SEPARATOR = '.';

/** Opaque to clients: the key to go on after, and what a listing at a time goes by. */
function encodeToken(after: string, pins?: string): string {
  const key = Buffer.from(after).toString('base64url');
  return pins === undefined ? key : `${key}${SEPARATOR}${pins}`;
}

function decodeToken(token: string): Pick<ListObjects, 'after' | 'pins'> {
  const [key = '', pins] = token.split(SEPARATOR);
  const after = Buffer.from(key, 'base64url').toString();
  if (after !== '' && encodeToken(after, pins) === token) return { after, pins };
  throw s3Errors.invalidArgument('the continuation token provided is incorrect');
}
