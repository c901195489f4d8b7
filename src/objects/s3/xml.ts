const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/**
 * An element's content: text, or child elements in order; `undefined` leaves the element out, an array repeats it.
 * The array under the empty name holds elements of several names, one behind the other.
 */
type XmlContent = string | number | boolean | XmlElements | XmlText;
export interface XmlElements {
  readonly [name: string]: XmlContent | readonly XmlContent[] | undefined;
}

/** Elements as they are written. */
export class XmlText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** For what repeats a thousand times in a document: elements as a template, of which every value is escaped. */
export function xml(
  literals: TemplateStringsArray,
  ...values: readonly (string | number | boolean | XmlText | undefined)[]
): XmlText {
  let text = literals[0] ?? '';
  for (let i = 0; i < values.length; i++) text += inner(values[i] ?? '') + literals[i + 1];
  return new XmlText(text);
}

/** Names are ours, and may carry attributes; every text is escaped. */
export function buildXml(
  root: string,
  content: string | XmlElements,
  namespace: string | undefined = S3_NAMESPACE,
): string {
  const attribute = namespace ? ` xmlns="${namespace}"` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`;
}

function children(elements: XmlElements): string {
  let text = '';
  for (const name in elements) {
    const value = elements[name];
    if (value === undefined) continue;
    if (name === '') for (const one of value as readonly XmlContent[]) text += inner(one);
    else if (!Array.isArray(value)) text += element(name, value as XmlContent);
    else for (const one of value) text += element(name, one);
  }
  return text;
}

function element(name: string, content: XmlContent): string {
  const attributes = name.indexOf(' ');
  return `<${name}>${inner(content)}</${attributes < 0 ? name : name.slice(0, attributes)}>`;
}

function inner(content: XmlContent): string {
  if (typeof content === 'string') return escapeXml(content);
  if (typeof content !== 'object') return String(content);
  return content instanceof XmlText ? content.text : children(content);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: S3 writes control characters of keys as references
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/;
const EVERY_SPECIAL = new RegExp(SPECIAL, 'g');
const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Most texts have nothing to escape: a look at them costs less than a replacement. */
function escapeXml(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(EVERY_SPECIAL, (c) => NAMED[c] ?? `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`);
}
