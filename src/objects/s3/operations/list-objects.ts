import { s3Errors } from '../errors.ts';
import { checkOptionalAttributes, listingEntries, readListing } from '../listing.ts';
import { readMoment } from '../moment.ts';
import { type Operation, xmlResponse } from '../operation.ts';

/** Version 1, for older clients. */
export const listObjects: Operation = {
  name: 'ListObjects',
  action: 'list-objects',
  readsPast: true,
  async handle({ bucket, query, headers }, { store }) {
    checkOptionalAttributes(headers);
    const listing = readListing(query);
    const { prefix, delimiter, limit, encode } = listing;
    if (query.has('start-after')) throw s3Errors.invalidArgument('start-after is known with list-type=2 only');
    const marker = query.get('marker') ?? '';
    const page = await store.list({
      bucket,
      ...readMoment(headers),
      prefix,
      delimiter,
      after: marker || undefined,
      limit,
    });
    return xmlResponse('ListBucketResult', {
      Name: bucket,
      Prefix: encode(prefix),
      Marker: encode(marker),
      // Without a delimiter the last key is the next marker (S3 API, ListObjects, NextMarker).
      NextMarker: delimiter && page.next !== undefined ? encode(page.next) : undefined,
      Delimiter: delimiter && encode(delimiter),
      MaxKeys: limit,
      EncodingType: listing.encodingType,
      IsTruncated: page.next !== undefined,
      ...listingEntries(page, { encode, owner: true }),
    });
  },
};
