import { s3Errors } from './errors.ts';

/** An element that was read: a text, or elements, whatever stands between those. Its shape is not to be trusted. */
export class XmlNode {
  readonly #text: string;
  readonly #children: ReadonlyMap<string, readonly XmlNode[]> | undefined;

  constructor(text: string, children?: ReadonlyMap<string, readonly XmlNode[]>) {
    this.#text = text;
    this.#children = children;
  }

  /** Child elements of that name, in order. */
  all(name: string): readonly XmlNode[] {
    return this.#children?.get(name) ?? [];
  }

  /** The text of a leaf. */
  content(): string {
    if (this.#children) throw s3Errors.malformedXml('a text is expected where elements are');
    return this.#text;
  }

  /** The text of the only child of that name; `undefined` when there is none. */
  text(name: string): string | undefined {
    const [first, ...more] = this.all(name);
    if (!first) return undefined;
    if (more.length > 0 || first.#children) throw s3Errors.malformedXml(`one ${name} is expected`);
    return first.#text;
  }
}

/** A list of ten thousand parts with their checksums has half as many. */
const MAX_ELEMENTS = 100_000;
/** The grantee of an ACL has two. */
const MAX_ATTRIBUTES = 8;
const MAX_DEPTH = 16;

const NAME = /(?:[\p{L}_][\p{L}\p{N}_.-]*:)?([\p{L}_][\p{L}\p{N}_.-]*)/uy;
const ATTRIBUTE = /\s+[\p{L}_:][\p{L}\p{N}_.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*')/uy;
const CDATA = '<![CDATA[';
const CDATA_END = ']]>';
const TAG_END = /\s*(\/?)>/y;

/** A pause that nobody needs costs more than to read one. */
const MARKUP_BEFORE_PAUSE = 64;

/**
 * The content of the document's only element, which must be `root`. Of XML what S3 speaks: no document type, so no
 * entities but the five of XML itself; attributes and prefixes of names are passed over.
 * Takes time in proportion to its length, whatever it is made of. Pauses at each `yield`.
 * @throws HoldfastError `s3.malformed-xml`
 */
export function parsingXml(text: string, root: string): Generator<void, XmlNode> {
  return new XmlReader(withoutReturns(text)).read(root);
}

/** The same in one go, of what is not long. */
export function parseXml(text: string, root: string): XmlNode {
  const parsing = parsingXml(text, root);
  for (;;) {
    const { done, value } = parsing.next();
    if (done) return value;
  }
}

/** XML 1.0 section 2.11. In one go: to replace each one takes longer than all else. */
function withoutReturns(text: string): string {
  if (!text.includes('\r')) return text;
  const units = Buffer.from(text, 'utf16le');
  let end = 0;
  for (let at = 0; at < units.length; at += 2) {
    const unit = units.readUInt16LE(at);
    const isReturn = unit === RETURN;
    if (isReturn && at + 2 < units.length && units.readUInt16LE(at + 2) === NEWLINE) continue;
    end = units.writeUInt16LE(isReturn ? NEWLINE : unit, end);
  }
  return units.toString('utf16le', 0, end);
}

const RETURN = 0x0d;
const NEWLINE = 0x0a;

interface OpenElement {
  /** With its prefix. */
  readonly tag: string;
  readonly name: string;
  text: string;
  children?: Map<string, XmlNode[]>;
}

class XmlReader {
  readonly #text: string;
  /** What stands around the root: its only child. */
  readonly #document: OpenElement = { tag: '', name: '', text: '' };
  readonly #open: OpenElement[] = [this.#document];
  #at = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  *read(root: string): Generator<void, XmlNode> {
    if (this.#text.startsWith('\ufeff')) this.#at = 1;
    for (let read = 1; this.#at < this.#text.length; read++) {
      this.#readText();
      if (this.#at < this.#text.length) this.#readMarkup();
      if (read % MARKUP_BEFORE_PAUSE === 0) yield;
    }
    const { text, children } = this.#document;
    if (this.#open.length > 1) throw malformed('an element has no end');
    const [[name, [found, ...more]] = ['', []], ...others] = children ?? [];
    if (!found || more.length > 0 || others.length > 0 || text.trim() !== '')
      throw malformed('one element is expected');
    if (name !== root) throw s3Errors.malformedXml(`the XML's root element must be ${root}`);
    return found;
  }

  get #inner(): OpenElement {
    return this.#open.at(-1) ?? this.#document;
  }

  #readText(): void {
    const next = this.#text.indexOf('<', this.#at);
    const end = next < 0 ? this.#text.length : next;
    if (end > this.#at) this.#inner.text += unescapeXml(this.#text.slice(this.#at, end));
    this.#at = end;
  }

  #readMarkup(): void {
    const at = this.#at;
    if (this.#skip('<?', '?>') || this.#skip('<!--', '-->')) return;
    if (this.#skip(CDATA, CDATA_END)) {
      this.#inner.text += this.#text.slice(at + CDATA.length, this.#at - CDATA_END.length);
      return;
    }
    if (this.#text.startsWith('<!', this.#at)) throw s3Errors.malformedXml('document types are not accepted');
    if (this.#text.startsWith('</', this.#at)) this.#close();
    else this.#begin();
  }

  #skip(begin: string, end: string): boolean {
    if (!this.#text.startsWith(begin, this.#at)) return false;
    const found = this.#text.indexOf(end, this.#at + begin.length);
    if (found < 0) throw malformed(`${begin} has no end`);
    this.#at = found + end.length;
    return true;
  }

  #begin(): void {
    this.#at++;
    const [tag, name = ''] = this.#take(NAME);
    for (let attributes = 0; this.#matches(ATTRIBUTE); attributes++) {
      if (attributes === MAX_ATTRIBUTES) throw s3Errors.malformedXml('an element has too many attributes');
    }
    const [, isEmpty] = this.#take(TAG_END);
    if (++this.#elements > MAX_ELEMENTS) throw s3Errors.malformedXml('there are too many elements');
    if (this.#open.length > MAX_DEPTH) throw s3Errors.malformedXml('elements are nested too deep');
    const element: OpenElement = { tag, name, text: '' };
    if (isEmpty) this.#add(element);
    else this.#open.push(element);
  }

  #close(): void {
    this.#at += '</'.length;
    const [tag] = this.#take(NAME);
    const [, isEmpty] = this.#take(TAG_END);
    const element = this.#open.length > 1 ? this.#open.pop() : undefined;
    if (isEmpty || element?.tag !== tag) throw malformed(`</${tag}> ends nothing`);
    this.#add(element);
  }

  #add({ name, text, children }: OpenElement): void {
    const parent = this.#inner;
    parent.children ??= new Map();
    const same = parent.children.get(name);
    const node = new XmlNode(text, children);
    if (same) same.push(node);
    else parent.children.set(name, [node]);
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const matches = pattern.test(this.#text);
    if (matches) this.#at = pattern.lastIndex;
    return matches;
  }

  #take(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) throw malformed(`at ${this.#at}`);
    this.#at = pattern.lastIndex;
    return found;
  }
}

function malformed(detail: string) {
  return s3Errors.malformedXml(`the XML is not well-formed: ${detail}`);
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
/** `#x10ffff`, with some zeros before it. */
const MAX_REFERENCE = 12;

function unescapeXml(text: string): string {
  let at = text.indexOf('&');
  if (at < 0) return text;
  let unescaped = '';
  let done = 0;
  for (; at >= 0; at = text.indexOf('&', done)) {
    const end = text.indexOf(';', at);
    const name = text.slice(at + 1, end);
    const decoded = end < 0 || name.length > MAX_REFERENCE ? undefined : (ENTITIES.get(name) ?? character(name));
    if (decoded === undefined) throw malformed(`unknown entity &${name.slice(0, MAX_REFERENCE)}`);
    unescaped += text.slice(done, at) + decoded;
    done = end + 1;
  }
  return unescaped + text.slice(done);
}

/** Half of a surrogate pair is no character (XML 1.0 section 2.2): stored as UTF-8 it would become another one. */
function character(name: string): string | undefined {
  const reference = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name);
  if (!reference) return undefined;
  const code = Number.parseInt(reference[1] ?? reference[2] ?? '', reference[1] ? 16 : 10);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return String.fromCodePoint(code);
}
