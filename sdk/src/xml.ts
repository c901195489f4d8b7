import { invalidResponse } from './errors.ts';

/**
 * Just enough XML for S3's answers: elements without attributes of interest,
 * text with the predefined and numeric entities. Text never holds a raw `<`
 * (XML 1.0, section 2.4), which makes matching by tag exact.
 */

/** The content of every `<name>` in order. `name` must not nest in itself. */
export function elements(xml: string, name: string): string[] {
  return Array.from(
    xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g')),
    (match) => match[1] ?? '',
  );
}

/** The answer itself. @throws StorageError `InvalidResponse` when it is of another kind, or broke off */
export function wholeAnswer(xml: string, root: string): string {
  if (xml.includes(`</${root}>`) || new RegExp(`<${root}(\\s[^>]*)?/>`).test(xml)) return xml;
  throw invalidResponse(`whole ${root}`);
}

/** The text of the first `<name>`. */
export function text(xml: string, name: string): string | undefined {
  const content = elements(xml, name)[0];
  return content === undefined ? undefined : decodeEntities(content);
}

export function escapeXml(value: string): string {
  return value.replace(/[&<>"'\r]/g, (c) => `&#${c.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(value: string): string {
  return value.replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (entity, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number.parseInt(name.slice(1), 10));
    return NAMED[name] ?? entity;
  });
}

/** A key in an answer with `encoding-type=url`; S3 writes a space as `+` there. */
export function decodeUrl(value: string): string {
  return decodeURIComponent(value.replace(/\+/g, ' '));
}
