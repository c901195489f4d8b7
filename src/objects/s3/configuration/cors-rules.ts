import { s3Errors } from '../errors.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

/** One rule of a bucket's CORS configuration (S3 API, CORSRule). */
export interface CorsRule {
  readonly id?: string | undefined;
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Lower-case. */
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAge?: number | undefined;
}

/** What a page asks for. */
export interface CorsRequest {
  readonly origin: string;
  readonly method: string;
  /** Lower-case; what the page means to send, in a preflight. */
  readonly headers: readonly string[];
}

const MAX_RULES = 100;
const MAX_BYTES = 64 * 1024;
const MAX_ID_LENGTH = 255;
/** Others can neither be allowed nor asked for. */
export const CORS_METHODS = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

/** The first rule that covers origin, method and every header decides (S3 User Guide, "How CORS works"). */
export function matchRule(rules: readonly CorsRule[], { origin, method, headers }: CorsRequest): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.methods.includes(method) &&
      rule.origins.some((pattern) => matchesStar(pattern, origin)) &&
      headers.every((name) => rule.headers.some((pattern) => matchesStar(pattern, name))),
  );
}

/** A pattern has one star at most: every page's request is held against all of them, before anything is known of it. */
function matchesStar(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const fits = text.length >= pattern.length - 1;
  return fits && text.startsWith(pattern.slice(0, star)) && text.endsWith(pattern.slice(star + 1));
}

/** @throws HoldfastError `s3.malformed-xml`, `s3.invalid-request` */
export function readCorsRules(document: XmlNode): readonly CorsRule[] {
  const rules = document.all('CORSRule').map(readRule);
  if (rules.length === 0 || rules.length > MAX_RULES) throw s3Errors.malformedXml(`1 to ${MAX_RULES} rules expected`);
  if (Buffer.byteLength(JSON.stringify(rules)) > MAX_BYTES) {
    throw s3Errors.malformedXml('a CORS configuration is at most 64 KiB');
  }
  return rules;
}

function readRule(node: XmlNode): CorsRule {
  const origins = texts(node, 'AllowedOrigin');
  const methods = texts(node, 'AllowedMethod');
  const headers = texts(node, 'AllowedHeader');
  const exposed = texts(node, 'ExposeHeader');
  if (origins.length === 0 || methods.length === 0) {
    throw s3Errors.malformedXml('a rule needs an AllowedOrigin and an AllowedMethod');
  }
  for (const method of methods) {
    if (CORS_METHODS.includes(method)) continue;
    throw s3Errors.invalidRequest(`found unsupported HTTP method in CORS config; unsupported method is ${method}`);
  }
  for (const pattern of [...origins, ...headers]) {
    if (pattern.split('*').length <= 2) continue;
    throw s3Errors.invalidRequest(`"${pattern}" can not have more than one wildcard`);
  }
  for (const pattern of headers) {
    if (isHeaderName(pattern.replace('*', 'x'))) continue;
    throw s3Errors.invalidRequest(`AllowedHeader "${pattern}" contains an invalid character`);
  }
  for (const name of exposed) {
    if (isHeaderName(name)) continue;
    throw s3Errors.invalidRequest(`ExposeHeader "${name}" contains a wildcard or is no header name`);
  }
  const id = node.text('ID');
  if (id !== undefined && id.length > MAX_ID_LENGTH) throw s3Errors.invalidRequest('a rule ID is at most 255 long');
  return { id, origins, methods, headers: headers.map((name) => name.toLowerCase()), exposed, maxAge: readAge(node) };
}

/** RFC 9110 section 5.6.2, without the asterisk. */
const HEADER_NAME = /^[!#$%&'+\-.^_`|~0-9A-Za-z]+$/;

export function isHeaderName(text: string): boolean {
  return HEADER_NAME.test(text);
}

function texts(node: XmlNode, name: string): readonly string[] {
  return node.all(name).map((child) => child.content().trim());
}

function readAge(node: XmlNode): number | undefined {
  const text = node.text('MaxAgeSeconds')?.trim();
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw s3Errors.malformedXml('MaxAgeSeconds is a number of seconds');
  return Number(text);
}

export function corsRulesXml(rules: readonly CorsRule[]): XmlElements {
  return {
    CORSRule: rules.map(({ id, origins, methods, headers, exposed, maxAge }) => ({
      ID: id,
      AllowedOrigin: origins,
      AllowedMethod: methods,
      AllowedHeader: headers,
      ExposeHeader: exposed,
      MaxAgeSeconds: maxAge,
    })),
  };
}
