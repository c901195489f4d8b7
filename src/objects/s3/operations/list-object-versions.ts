import type { VersionMarker } from '../../store/list.ts';
import type { ObjectVersion } from '../../store/object.ts';
import { listedChecksum } from '../checksums/object-checksum.ts';
import { s3Errors } from '../errors.ts';
import { checkOptionalAttributes, readListing } from '../listing.ts';
import { readMoment } from '../moment.ts';
import { isoTime, type Operation, OWNER, xmlResponse } from '../operation.ts';
import { type XmlText, xml } from '../xml.ts';

/** Versions and delete markers, in the order of the listing. */
export const listObjectVersions: Operation = {
  name: 'ListObjectVersions',
  action: 'list-objects',
  readsPast: true,
  async handle({ bucket, query, headers }, { store }) {
    checkOptionalAttributes(headers);
    const { prefix, delimiter, limit, encode, encodingType } = readListing(query);
    const after = readMarker(query);
    const page = await store.listVersions({ bucket, ...readMoment(headers), prefix, delimiter, after, limit });
    return xmlResponse('ListVersionsResult', {
      Name: bucket,
      Prefix: encode(prefix),
      KeyMarker: encode(after?.key ?? ''),
      VersionIdMarker: after?.version ?? '',
      NextKeyMarker: page.next && encode(page.next.key),
      NextVersionIdMarker: page.next?.version,
      Delimiter: delimiter && encode(delimiter),
      MaxKeys: limit,
      EncodingType: encodingType,
      IsTruncated: page.next !== undefined,
      '': page.versions.map((one) => versionElement(one, encode)),
      CommonPrefixes: page.commonPrefixes.map((one) => ({ Prefix: encode(one) })),
    });
  },
};

function readMarker(query: ReadonlyMap<string, string>): VersionMarker | undefined {
  const key = query.get('key-marker') || undefined;
  const version = query.get('version-id-marker');
  if (version === undefined) return key === undefined ? undefined : { key };
  if (key === undefined)
    throw s3Errors.invalidArgument('A version-id marker cannot be specified without a key marker.');
  if (version === '') throw s3Errors.invalidArgument('A version-id marker cannot be empty.');
  return { key, version };
}

function versionElement(version: ObjectVersion, encode: (text: string) => string): XmlText {
  const { key, versionId, isLatest, lastModified, etag, size, metadata } = version;
  const common = xml`<Key>${encode(key)}</Key><VersionId>${versionId}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${isoTime(lastModified)}</LastModified><Owner>${OWNER}</Owner>`;
  if (version.deleteMarker) return xml`<DeleteMarker>${common}</DeleteMarker>`;
  return xml`<Version>${common}<ETag>&quot;${etag}&quot;</ETag>${listedChecksum(metadata)}<Size>${size}</Size><StorageClass>STANDARD</StorageClass></Version>`;
}
