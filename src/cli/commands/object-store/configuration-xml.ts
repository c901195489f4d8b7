import { z } from 'zod';
import { cliErrors } from '../../errors.ts';

/** What an element holds: text, elements by name, or the same element several times. */
export type XmlContent = string | number | boolean | XmlContents | readonly XmlContent[] | undefined;
export interface XmlContents {
  readonly [name: string]: XmlContent;
}

export function element(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((one: XmlContent) => element(name, one)).join('');
  const inner = typeof content === 'object' ? children(content as XmlContents) : escapeXml(String(content));
  return `<${name}>${inner}</${name}>`;
}

function children(elements: XmlContents): string {
  return Object.entries(elements)
    .map(([name, content]) => element(name, content))
    .join('');
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** @throws HoldfastError `usage.*` where the file is not JSON of that form */
export function parseJsonFile<T>(
  file: string,
  schema: z.ZodType<T>,
  { what, hint }: { readonly what: string; readonly hint: string },
): T {
  let json: unknown;
  try {
    json = JSON.parse(file);
  } catch (error) {
    throw cliErrors.usage(`the file is not JSON: ${(error as Error).message}`, hint);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw cliErrors.usage(`${what}: ${z.prettifyError(parsed.error)}`, hint);
  return parsed.data;
}
