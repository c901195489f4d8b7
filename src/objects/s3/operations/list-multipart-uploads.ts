import type { MultipartUpload } from '../../store/upload.ts';
import { uploadChecksum, uploadChecksumElements } from '../checksums/multipart-checksum.ts';
import { readCount, readListing } from '../listing.ts';
import { isoTime, type Operation, OWNER, xmlResponse } from '../operation.ts';

const MAX = 1000;

/** Uploads in progress are few: the store gives all, the page is cut here. */
export const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  action: 'list-objects',
  async handle({ bucket, query }, { store }) {
    const { prefix, delimiter, encode, encodingType } = readListing(query);
    const limit = readCount(query, 'max-uploads', MAX);
    const keyMarker = query.get('key-marker') ?? '';
    // One of no key is ignored (S3 API, ListMultipartUploads).
    const uploadMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
    const entries = group(await store.listUploads(bucket, { prefix }), prefix, delimiter).filter((entry) =>
      isAfter(entry, keyMarker, uploadMarker),
    );
    const page = entries.slice(0, limit);
    const truncated = limit > 0 && entries.length > page.length; // a page of nothing has no next one
    const last = page.at(-1);
    return xmlResponse('ListMultipartUploadsResult', {
      Bucket: bucket,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: uploadMarker,
      NextKeyMarker: truncated && last ? encode(last.key) : undefined,
      NextUploadIdMarker: truncated && last ? (last.upload?.uploadId ?? '') : undefined,
      Prefix: encode(prefix),
      Delimiter: delimiter && encode(delimiter),
      EncodingType: encodingType,
      MaxUploads: limit,
      IsTruncated: truncated,
      Upload: page.flatMap(({ upload }) => (upload ? [uploadElement(upload, encode)] : [])),
      CommonPrefixes: page.flatMap(({ key, upload }) => (upload ? [] : [{ Prefix: encode(key) }])),
    });
  },
};

/** A common prefix has no upload. */
interface Entry {
  readonly key: string;
  readonly upload: MultipartUpload | undefined;
}

function group(uploads: readonly MultipartUpload[], prefix: string, delimiter: string | undefined): readonly Entry[] {
  const entries: Entry[] = [];
  for (const upload of uploads) {
    const at = delimiter === undefined ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const key = at < 0 ? upload.key : upload.key.slice(0, at + (delimiter ?? '').length);
    const last = entries.at(-1);
    if (at >= 0 && last?.key === key && !last.upload) continue;
    entries.push({ key, upload: at < 0 ? upload : undefined });
  }
  return entries;
}

/** After the key, or after that upload of the key when both markers are given. */
function isAfter({ key, upload }: Entry, keyMarker: string, uploadMarker: string): boolean {
  const order = Buffer.compare(Buffer.from(key), Buffer.from(keyMarker));
  return order > 0 || (order === 0 && uploadMarker !== '' && upload !== undefined && upload.uploadId > uploadMarker);
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
