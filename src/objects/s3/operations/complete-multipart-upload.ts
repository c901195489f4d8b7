import { unquote } from '../../etag.ts';
import { MAX_PARTS } from '../../store/multipart.ts';
import type { ObjectInfo } from '../../store/object.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import type { CompleteUpload, PartInfo } from '../../store/upload.ts';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumElement,
  isChecksumValue,
} from '../checksums/checksums.ts';
import { completedMetadata } from '../checksums/multipart-checksum.ts';
import { checksumElements, objectChecksum, withChecksum } from '../checksums/object-checksum.ts';
import { completedBefore, withUploadMark } from '../completed-upload.ts';
import { encryptionAnswer, readCustomerKey } from '../encryption.ts';
import { s3Errors } from '../errors.ts';
import { expirationHeader } from '../expiration.ts';
import { readUploadRef } from '../multipart.ts';
import { objectUrl } from '../object-url.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { MAX_PARTS_BYTES, readXml } from '../request-xml.ts';
import { writtenVersionHeader } from '../versions.ts';
import type { XmlNode } from '../xml-document.ts';

/**
 * What is said of checksums is compared here, with the parts that have the ETags that are
 * named: that they still have them when they become the object is for the store to see.
 */
export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, headers } = request;
    const conditions = readWriteConditions(headers);
    const body = await request.body({ checksums: false }); // here the header is about the object
    const document = await readXml(body, 'CompleteMultipartUpload', { maxBytes: MAX_PARTS_BYTES });
    const parts = document.all('Part').map(readPart);
    if (parts.length === 0 || parts.length > MAX_PARTS) {
      throw s3Errors.malformedXml(`one to ${MAX_PARTS} parts are expected`);
    }
    const named = { ...readUploadRef(request), parts, conditions };
    const info = await complete(named, headers, store).catch((error) => completedBefore(store, named, error));
    return xmlResponse(
      'CompleteMultipartUploadResult',
      {
        Location: objectUrl(headers, { bucket, key }),
        Bucket: bucket,
        Key: key,
        ETag: `"${info.etag}"`,
        ...checksumElements(objectChecksum(info.metadata)),
      },
      {
        headers: {
          ...writtenVersionHeader(info),
          ...expirationHeader(store, bucket, info),
          ...encryptionAnswer(info, headers),
        },
      },
    );
  },
};

interface NamedUpload extends CompleteUpload {
  readonly parts: readonly NamedPart[];
}

async function complete(
  upload: NamedUpload,
  headers: ReadonlyMap<string, string>,
  store: ObjectStore,
): Promise<ObjectInfo> {
  const { metadata } = await store.findUpload({ ...upload, ...readCustomerKey(headers) });
  const stored = matching(upload.parts, await store.listParts(upload));
  const isKnown = stored.length === upload.parts.length; // otherwise the store refuses it
  if (isKnown) checkObjectSize(headers, stored);
  const completed = isKnown
    ? completedMetadata({ metadata, parts: stored, headers })
    : withChecksum(metadata, undefined);
  return store.completeUpload({ ...upload, metadata: withUploadMark(completed, upload) });
}

interface NamedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

function readPart(node: XmlNode): NamedPart {
  const number = node.text('PartNumber')?.trim() ?? '';
  const etag = node.text('ETag');
  if (!/^-?\d{1,10}$/.test(number) || !etag) throw s3Errors.malformedXml('a part needs a PartNumber and an ETag');
  if (Number(number) < 1) throw s3Errors.invalidArgument('PartNumber must be >= 1');
  return { partNumber: Number(number), etag: unquote(etag), checksums: readChecksums(node) };
}

function readChecksums(node: XmlNode): ReadonlyMap<ChecksumAlgorithm, string> {
  const checksums = new Map<ChecksumAlgorithm, string>();
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = node.text(checksumElement(algorithm))?.trim();
    if (!value) continue;
    if (checksums.size > 0 || !isChecksumValue(algorithm, value)) {
      throw s3Errors.invalidArgument('Invalid Base64 or multiple checksums present in request');
    }
    checksums.set(algorithm, value);
  }
  return checksums;
}

function matching(named: readonly NamedPart[], stored: readonly PartInfo[]) {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  return named.flatMap(({ partNumber, etag, checksums }) => {
    const part = byNumber.get(partNumber);
    return part?.etag === etag ? [{ partNumber, checksums, stored: part }] : [];
  });
}

/** `x-amz-mp-object-size`: what the client means to have uploaded. */
function checkObjectSize(headers: ReadonlyMap<string, string>, parts: readonly { readonly stored: PartInfo }[]): void {
  const expected = headers.get('x-amz-mp-object-size');
  if (expected === undefined) return;
  const size = parts.reduce((sum, { stored }) => sum + stored.size, 0);
  if (/^\d{1,15}$/.test(expected) && Number(expected) === size) return;
  throw s3Errors.invalidRequest(`the parts add up to ${size} bytes, not to those of x-amz-mp-object-size`);
}
