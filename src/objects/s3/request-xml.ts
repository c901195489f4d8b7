import { type ReceivedBody, readText } from './body/request-body.ts';
import { s3Errors } from './errors.ts';
import { parseXml, XmlNode } from './xml.ts';

/** Ten thousand parts with checksums are about 3 MB; a thousand keys of a thousand bytes, 1.1 MB. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The document a request carries; `optional`: an empty body is an empty document. */
export async function readXml(
  body: ReceivedBody,
  root: string,
  { optional = false }: { readonly optional?: boolean } = {},
): Promise<XmlNode> {
  if ((body.size ?? 0) > MAX_BYTES) throw s3Errors.messageTooLong(`the request body is over ${MAX_BYTES} bytes`);
  const text = await readText(body, MAX_BYTES);
  return optional && text.trim() === '' ? new XmlNode('') : parseXml(text, root);
}
