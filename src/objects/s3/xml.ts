import { XMLParser } from 'fast-xml-parser';
import { s3Errors } from './errors.ts';

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

/** Leaves are texts; an element that came more than once is an array. */
export type ParsedXml = string | { readonly [name: string]: ParsedXml | readonly ParsedXml[] };

/** A list of ten thousand parts with their checksums has fewer. */
const MAX_TAGS = 250_000;
/** More than any document of S3 has; an object of many names takes long to make. */
const MAX_NAMES = 100;
/** Of the document that is parsed. */
const names = new Set<string>();

/** Entities are off in the parser: no document can define or expand one. The five of XML itself and character references are read here. */
const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  maxNestedTags: 16,
  transformTagName: (name) => {
    if (names.add(name).size > MAX_NAMES) throw new Error('there are too many kinds of elements');
    return name;
  },
  tagValueProcessor: (_name, text) => unescapeXml(text),
});

/**
 * The content of the document's only element, which must be `root`.
 * @throws HoldfastError `s3.malformed-xml`
 */
export function parseXml(text: string, root: string): XmlNode {
  if (/<!(?!--)/.test(text)) throw s3Errors.malformedXml('document types and CDATA sections are not accepted');
  if (countOf('<', text) > MAX_TAGS) throw s3Errors.malformedXml('there are too many elements');
  let document: ParsedXml;
  names.clear();
  try {
    document = parser.parse(text, true) as ParsedXml;
  } catch (error) {
    throw s3Errors.malformedXml(`the XML is not well-formed: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof document === 'string' || !Object.hasOwn(document, root)) {
    throw s3Errors.malformedXml(`the XML's root element must be ${root}`);
  }
  return new XmlNode(document[root] as ParsedXml);
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** Reads parsed XML without trusting its shape. */
export class XmlNode {
  readonly #value: ParsedXml;

  constructor(value: ParsedXml) {
    this.#value = value;
  }

  /** Child elements of that name, in order. */
  all(name: string): readonly XmlNode[] {
    const value = this.#value;
    if (typeof value !== 'object' || !Object.hasOwn(value, name)) return [];
    const found = value[name] as ParsedXml | readonly ParsedXml[];
    return (Array.isArray(found) ? found : [found]).map((one: ParsedXml) => new XmlNode(one));
  }

  /** The text of a leaf. */
  content(): string {
    if (typeof this.#value !== 'string') throw s3Errors.malformedXml('a text is expected where elements are');
    return this.#value;
  }

  /** The text of the only child of that name; `undefined` when there is none. */
  text(name: string): string | undefined {
    const [first, ...more] = this.all(name);
    if (!first) return undefined;
    if (more.length > 0 || typeof first.#value !== 'string') throw s3Errors.malformedXml(`one ${name} is expected`);
    return first.#value;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&([^;&]{0,12})(;?)/g, (_all, name: string, end: string) => {
    const reference = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const code = reference ? Number.parseInt(reference[1] ?? reference[2] ?? '', reference[1] ? 16 : 10) : undefined;
    const decoded = code === undefined ? ENTITIES[name] : character(code);
    if (end === '' || decoded === undefined) throw new Error(`unknown entity &${name}`);
    return decoded;
  });
}

/** Half of a surrogate pair is no character (XML 1.0 section 2.2): stored as UTF-8 it would become another one. */
function character(code: number): string | undefined {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return String.fromCodePoint(code);
}
