import { inTurns } from '../../core/in-turns.ts';
import { type ReceivedBody, readText } from './body/request-body.ts';
import { s3Errors } from './errors.ts';
import { parsingXml, type XmlNode } from './xml-document.ts';

/** S3 takes so much of a website configuration (API Reference, PutBucketWebsite); the others are not larger. */
const MAX_BYTES = 128 * 1024;

/** A thousand rules. */
export const MAX_LIFECYCLE_BYTES = 1024 * 1024;

/** A thousand keys of a thousand bytes, with ids of versions and conditions. */
export const MAX_DELETIONS_BYTES = 2 * 1024 * 1024;

/** Ten thousand parts with checksums are about 3 MB. */
export const MAX_PARTS_BYTES = 4 * 1024 * 1024;

/** Of what is read before it is known whether they may: policies ask for what it says. Ten tags of escapes are 46 KB. */
export const MAX_UNASKED_BYTES = 64 * 1024;

/** The document a request carries. @throws HoldfastError `s3.malformed-xml`, `s3.message-too-long` */
export async function readXml(
  body: ReceivedBody,
  root: string,
  { maxBytes = MAX_BYTES }: { readonly maxBytes?: number } = {},
): Promise<XmlNode> {
  return inTurns(parsingXml(await readDocument(body, maxBytes), root));
}

/** `undefined`: the request carries none. @throws as `readXml` */
export async function readOptionalXml(body: ReceivedBody, root: string): Promise<XmlNode | undefined> {
  const text = await readDocument(body, MAX_BYTES);
  return text.trim() === '' ? undefined : inTurns(parsingXml(text, root));
}

async function readDocument(body: ReceivedBody, maxBytes: number): Promise<string> {
  if ((body.size ?? 0) > maxBytes) throw s3Errors.messageTooLong(`the request body is over ${maxBytes} bytes`);
  return readText(body, maxBytes);
}
