import type { ObjectInfo } from '../../store/object.ts';
import { checksumElement } from '../checksums/checksums.ts';
import { checksumElements, objectChecksum, partChecksums } from '../checksums/object-checksum.ts';
import { demandCustomerKey, readReadersKey } from '../encryption.ts';
import { s3Errors } from '../errors.ts';
import { readCount } from '../listing.ts';
import { type Operation, type S3Request, xmlResponse } from '../operation.ts';
import { orDeleteMarker, readVersionId, versionHeader } from '../versions.ts';
import type { XmlElements } from '../xml.ts';

const MAX_PARTS = 1000;

export const getObjectAttributes: Operation = {
  name: 'GetObjectAttributes',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle(request, { store }) {
    const { bucket, key, query, headers } = request;
    const customerKey = readReadersKey(headers);
    const version = { ...readVersionId(query), ...customerKey };
    const wanted = readNames(headers.get('x-amz-object-attributes'));
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    request.access.object(info);
    demandCustomerKey(info, customerKey);
    const all = attributesOf(info, headers);
    return xmlResponse(
      'GetObjectAttributesResponse',
      Object.fromEntries(NAMES.filter((name) => wanted.has(name)).map((name) => [name, all[name]()])),
      {
        headers: {
          ...versionHeader(store, bucket, info),
          'last-modified': new Date(info.lastModified).toUTCString(),
        },
      },
    );
  },
};

const NAMES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const;
type Name = (typeof NAMES)[number];

/** @throws HoldfastError `s3.invalid-request`, `s3.invalid-argument` */
function readNames(header = ''): ReadonlySet<string> {
  if (header.trim() === '') throw s3Errors.invalidRequest('x-amz-object-attributes is either missing or empty');
  const names = header.split(',').map((name) => name.trim());
  if (names.every((name) => (NAMES as readonly string[]).includes(name))) return new Set(names);
  throw s3Errors.invalidArgument(`x-amz-object-attributes must name some of ${NAMES.join(', ')}`);
}

type Attributes = Readonly<Record<Name, () => string | number | XmlElements | undefined>>;

function attributesOf(info: ObjectInfo, headers: S3Request['headers']): Attributes {
  return {
    ETag: () => info.etag, // without quotes, unlike everywhere else (S3 API, GetObjectAttributes)
    Checksum: () => {
      const checksum = objectChecksum(info.metadata);
      return checksum && checksumElements(checksum);
    },
    ObjectParts: () => info.partSizes && partElements(info, info.partSizes, headers),
    StorageClass: () => 'STANDARD',
    ObjectSize: () => info.size,
  };
}

/** Parts are counted from 1 without gaps, as `partNumber` reads them. */
function partElements({ metadata }: ObjectInfo, sizes: readonly number[], headers: S3Request['headers']): XmlElements {
  const limit = readCount(headers, 'x-amz-max-parts', MAX_PARTS);
  const marker = readCount(headers, 'x-amz-part-number-marker', Number.MAX_SAFE_INTEGER, 0);
  const algorithm = objectChecksum(metadata)?.algorithm;
  const values = partChecksums(metadata);
  const page = sizes.slice(marker, marker + limit);
  return {
    PartsCount: sizes.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: marker + page.length,
    MaxParts: limit,
    IsTruncated: limit > 0 && marker + page.length < sizes.length, // a page of nothing has no next one
    Part: page.map((Size, i) => ({
      PartNumber: marker + i + 1,
      Size,
      ...(algorithm ? { [checksumElement(algorithm)]: values[marker + i] } : {}),
    })),
  };
}
