import { unquote } from './unquote.ts';
import { elements, escapeXml, text } from './xml.ts';

/** A part that the server has. */
export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
}

export interface StoredPart extends UploadedPart {
  readonly size: number;
}

/** Of S3's ListParts. */
export function storedParts(xml: string): StoredPart[] {
  return elements(xml, 'Part').map(toPart);
}

function toPart(xml: string): StoredPart {
  return {
    number: Number(text(xml, 'PartNumber')),
    etag: unquote(text(xml, 'ETag')),
    size: Number(text(xml, 'Size')),
  };
}

/** S3 CompleteMultipartUpload's list. */
export function partList(parts: readonly UploadedPart[]): string {
  const list = parts.map(
    (part) => `<Part><PartNumber>${part.number}</PartNumber><ETag>${escapeXml(`"${part.etag}"`)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`;
}
