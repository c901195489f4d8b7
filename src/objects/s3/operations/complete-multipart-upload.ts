import type { PartInfo } from '../../engine/object-store.ts';
import { checksumAlgorithm } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { MAX_PARTS, readUploadRef } from '../multipart.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readWriteConditions, unquote } from '../preconditions.ts';
import { readXml } from '../request-xml.ts';
import { versionHeader } from '../versions.ts';
import type { XmlNode } from '../xml.ts';

export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, headers } = request;
    const conditions = readWriteConditions(headers);
    refuseObjectChecksum(headers);
    const parts = (await readXml(request.body(), 'CompleteMultipartUpload')).all('Part').map(readPart);
    if (parts.length === 0 || parts.length > MAX_PARTS) {
      throw s3Errors.malformedXml(`one to ${MAX_PARTS} parts are expected`);
    }
    const upload = readUploadRef(request);
    await checkObjectSize(headers, async () => sizeOf(parts, await store.listParts(upload)));
    const info = await store.completeUpload({ ...upload, parts, conditions });
    return xmlResponse(
      'CompleteMultipartUploadResult',
      {
        Location: `http://${headers.get('host') ?? ''}/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`,
        Bucket: bucket,
        Key: key,
        ETag: `"${info.etag}"`,
      },
      { headers: versionHeader(store, bucket, info) },
    );
  },
};

function readPart(node: XmlNode): { partNumber: number; etag: string } {
  const number = node.text('PartNumber')?.trim() ?? '';
  const etag = node.text('ETag');
  if (!/^\d{1,5}$/.test(number) || !etag) throw s3Errors.malformedXml('a part needs a PartNumber and an ETag');
  return { partNumber: Number(number), etag: unquote(etag) };
}

/** Here the header is about the whole object, of which only the parts were seen; each was verified as it came. */
function refuseObjectChecksum(headers: ReadonlyMap<string, string>): void {
  for (const name of headers.keys()) {
    if (!checksumAlgorithm(name)) continue;
    throw s3Errors.notImplemented('a checksum of the whole object is not implemented for multipart uploads');
  }
}

/** `x-amz-mp-object-size`: what the client means to have uploaded. */
async function checkObjectSize(headers: ReadonlyMap<string, string>, actual: () => Promise<number>): Promise<void> {
  const expected = headers.get('x-amz-mp-object-size');
  if (expected === undefined || Number(expected) === (await actual())) return;
  throw s3Errors.invalidRequest('the parts do not add up to x-amz-mp-object-size');
}

function sizeOf(parts: readonly { readonly partNumber: number }[], stored: readonly PartInfo[]): number {
  const sizes = new Map(stored.map(({ partNumber, size }) => [partNumber, size]));
  return parts.reduce((sum, { partNumber }) => sum + (sizes.get(partNumber) ?? 0), 0);
}
