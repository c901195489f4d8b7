import { uploadChecksum, uploadChecksumElements } from '../checksums/multipart-checksum.ts';
import { checksumValues } from '../checksums/object-checksum.ts';
import { abortHeaders } from '../expiration.ts';
import { readCount } from '../listing.ts';
import { readUploadRef } from '../multipart.ts';
import { isoTime, type Operation, OWNER, xmlResponse } from '../operation.ts';

const MAX = 1000;

export const listParts: Operation = {
  name: 'ListParts',
  action: 'write-object', // who uploads them asks
  async handle(request, { store }) {
    const { query } = request;
    const upload = readUploadRef(request);
    const limit = readCount(query, 'max-parts', MAX);
    const marker = readCount(query, 'part-number-marker', Number.MAX_SAFE_INTEGER, 0);
    const found = await store.findUpload(upload);
    const parts = await store.listParts({ ...upload, after: marker, limit: limit + 1 });
    const page = parts.slice(0, limit);
    const listing = {
      Bucket: upload.bucket,
      Key: upload.key,
      UploadId: upload.uploadId,
      PartNumberMarker: marker,
      NextPartNumberMarker: page.at(-1)?.partNumber,
      MaxParts: limit,
      IsTruncated: limit > 0 && parts.length > page.length, // a page of nothing has no next one
      ...uploadChecksumElements(uploadChecksum(found.metadata)),
      Part: page.map(({ partNumber, lastModified, etag, size, headers }) => ({
        PartNumber: partNumber,
        LastModified: isoTime(lastModified),
        ETag: `"${etag}"`,
        Size: size,
        ...checksumValues(headers),
      })),
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: 'STANDARD',
    };
    return xmlResponse('ListPartsResult', listing, { headers: abortHeaders(store, upload.bucket, found) });
  },
};
