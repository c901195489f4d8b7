import { s3Errors } from '../errors.ts';
import { MAX_PARTS, readUploadRef } from '../multipart.ts';
import { versionHeader } from '../object-response.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readWriteConditions, unquote } from '../preconditions.ts';
import { readXml } from '../request-xml.ts';
import type { XmlNode } from '../xml.ts';

export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, headers } = request;
    const conditions = readWriteConditions(headers);
    const parts = (await readXml(request.body(), 'CompleteMultipartUpload')).all('Part').map(readPart);
    if (parts.length === 0 || parts.length > MAX_PARTS) {
      throw s3Errors.malformedXml(`one to ${MAX_PARTS} parts are expected`);
    }
    const info = await store.completeUpload({ ...readUploadRef(request), parts, conditions });
    return xmlResponse(
      'CompleteMultipartUploadResult',
      {
        Location: `http://${headers.get('host') ?? ''}/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`,
        Bucket: bucket,
        Key: key,
        ETag: `"${info.etag}"`,
      },
      { headers: versionHeader(info) },
    );
  },
};

function readPart(node: XmlNode): { partNumber: number; etag: string } {
  const number = node.text('PartNumber')?.trim() ?? '';
  const etag = node.text('ETag');
  if (!/^\d{1,5}$/.test(number) || !etag) throw s3Errors.malformedXml('a part needs a PartNumber and an ETag');
  return { partNumber: Number(number), etag: unquote(etag) };
}
