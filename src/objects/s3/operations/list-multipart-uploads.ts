import type { MultipartUpload, UploadMarker } from '../../store/upload.ts';
import { uploadChecksum, uploadChecksumElements } from '../checksums/multipart-checksum.ts';
import { readCount, readListing } from '../listing.ts';
import { isoTime, type Operation, OWNER, xmlResponse } from '../operation.ts';

const MAX = 1000;

export const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  action: 'list-objects',
  async handle({ bucket, query }, { store }) {
    const { prefix, delimiter, encode, encodingType } = readListing(query);
    const limit = readCount(query, 'max-uploads', MAX);
    const after = readMarker(query);
    const { uploads, commonPrefixes, next } = await store.listUploads({ bucket, prefix, delimiter, after, limit });
    return xmlResponse('ListMultipartUploadsResult', {
      Bucket: bucket,
      KeyMarker: encode(after?.key ?? ''),
      UploadIdMarker: after?.uploadId ?? '',
      NextKeyMarker: next && encode(next.key),
      NextUploadIdMarker: next && (next.uploadId ?? ''),
      Prefix: encode(prefix),
      Delimiter: delimiter && encode(delimiter),
      EncodingType: encodingType,
      MaxUploads: limit,
      IsTruncated: next !== undefined,
      Upload: uploads.map((upload) => uploadElement(upload, encode)),
      CommonPrefixes: commonPrefixes.map((one) => ({ Prefix: encode(one) })),
    });
  },
};

/** An upload of no key is ignored (S3 API, ListMultipartUploads). */
function readMarker(query: ReadonlyMap<string, string>): UploadMarker | undefined {
  const key = query.get('key-marker') ?? '';
  return key === '' ? undefined : { key, uploadId: query.get('upload-id-marker') || undefined };
}

function uploadElement(upload: MultipartUpload, encode: (text: string) => string) {
  return {
    Key: encode(upload.key),
    UploadId: upload.uploadId,
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: 'STANDARD',
    Initiated: isoTime(upload.initiatedAt),
    ...uploadChecksumElements(uploadChecksum(upload.metadata)),
  };
}
