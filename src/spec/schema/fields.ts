import { posix } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.ts';
import { parseBytes, parseDuration } from '../../core/units.ts';
import { checkRegion } from '../regions.ts';
import { expected } from './found.ts';
import { takes } from './notes.ts';

/** The kinds of values that keys take. Each fails with one sentence: what was expected, what was found. */

type Reason = (issue: { readonly input?: unknown }) => string;
const wants =
  (what: string): Reason =>
  ({ input }) =>
    expected(what, input);

export function text(what = 'text') {
  return takes(what, z.string({ error: wants(what) }).min(1, { error: wants(what) }));
}

export function matching(pattern: RegExp, what: string) {
  return takes(what, z.string({ error: wants(what) }).regex(pattern, { error: wants(what) }));
}

export function flag() {
  return takes('true or false', z.boolean({ error: wants('true or false') }));
}

export function wholeNumber(min: number, max: number) {
  const what = `a whole number from ${min} to ${max}`;
  const error = wants(what);
  return takes(what, z.int({ error }).min(min, { error }).max(max, { error }));
}

export function decimal(min: number, max: number) {
  const what = `a number from ${min} to ${max}`;
  const error = wants(what);
  return takes(what, z.number({ error }).min(min, { error }).max(max, { error }));
}

/** Bytes; a bare number counts in `bare`. */
export function size({ bare, min, max }: { readonly bare: 'GB' | 'MiB'; readonly min: string; readonly max: string }) {
  const example = bare === 'GB' ? '25GB' : '512MiB';
  const what = `a size from ${min} to ${max}, such as ${example} (a bare number is ${bare})`;
  return quantity(what, { min: parseBytes(min), max: parseBytes(max), parse: (value) => parseBytes(value, bare) });
}

/** Milliseconds; a bare number is seconds. */
export function duration(min: string, max: string) {
  const what = `a duration from ${min} to ${max} (a bare number is seconds)`;
  return quantity(what, { min: parseDuration(min), max: parseDuration(max), parse: parseDuration });
}

/** Whole days; a bare number is days. */
export function days(max: number) {
  const what = `whole days from 1 to ${max}, such as 30d (a bare number is days)`;
  return quantity(what, { min: 1, max, parse: parseDays });
}

function parseDays(value: string | number): number {
  const parsed = /^\d+$/.test(String(value)) ? Number(value) : parseDuration(value) / parseDuration('1d');
  return Number.isInteger(parsed) ? parsed : Number.NaN;
}

const LONGEST_LIST = 100;

/** A list that says something: an empty one would read as "none", and is not. */
export function filledList<T extends z.ZodType>(entry: T) {
  const error: Reason = ({ input }) =>
    Array.isArray(input) ? `expected 1 to ${LONGEST_LIST} entries, found ${input.length}` : expected('a list', input);
  return z.array(entry, { error }).min(1, { error }).max(LONGEST_LIST, { error });
}

interface Quantity {
  readonly min: number;
  readonly max: number;
  readonly parse: (value: string | number) => number;
}

function quantity(what: string, { min, max, parse }: Quantity) {
  const schema = z.union([z.number(), z.string()], { error: wants(what) }).transform((value, context) => {
    const parsed = attempt(() => parse(value));
    if (parsed !== undefined && parsed >= min && parsed <= max) return parsed;
    context.issues.push({ code: 'custom', message: expected(what, value), input: value });
    return z.NEVER;
  });
  return takes(what, schema);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

export function region() {
  const what = 'a region code, such as ewr';
  const schema = z.string({ error: wants(what) }).superRefine((code, context) => {
    try {
      checkRegion(code);
    } catch (error) {
      const { message, hint } = HoldfastError.from(error);
      context.addIssue({ code: 'custom', message: hint ? `${message}; ${hint}` : message });
    }
  });
  return takes(what, schema);
}

/** How the keys of objects begin or end. */
export function partOfKey(what: string) {
  const error = wants(what);
  const fits = (part: string) => part.length > 0 && Buffer.byteLength(part) <= 1024;
  return takes(what, z.string({ error }).refine(fits, { error }));
}

/** Names of resources. Case is kept; host names are made of the lower-case form. */
const RESOURCE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
const RESOURCE_NAME_RULE = 'a name of 1 to 40 letters, digits, "-" and "_" that starts with a letter';
export const APP_NAME = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
export const APP_NAME_RULE =
  'a name of 1 to 40 lower-case letters, digits and "-" that starts with a letter and does not end with "-"';
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;
export const VARIABLE_NAME_RULE =
  'the name of an environment variable: letters, digits and "_", not starting with a digit';

export function resourceName() {
  return matching(RESOURCE_NAME, RESOURCE_NAME_RULE);
}

export function variableName() {
  return matching(VARIABLE_NAME, VARIABLE_NAME_RULE);
}

/** Of one bucket. */
export const MAX_DOMAINS = 100;

/** A name of the user's own (RFC 1123 section 2.1): those under `localhost` are the platform's, and numbers are addresses. */
export function domainName() {
  const what = 'a domain name in lower case, such as www.example.com';
  const error = wants(what);
  const isDomain = (name: string) =>
    name.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(name);
  const isOurs = (name: string) => /(^|\.)(localhost|internal)$/.test(name);
  return takes(
    what,
    z.string({ error }).refine((name) => isDomain(name) && !isOurs(name), { error }),
  );
}

/** A path below the app's directory. */
export function relativePath() {
  const what = "a relative path inside the app's directory, such as src/server.ts";
  const error = wants(what);
  const isInside = (path: string) => isPlain(path) && !posix.isAbsolute(path) && !climbs(path);
  return takes(what, z.string({ error }).refine(isInside, { error }));
}

/** An absolute path without `..`; trailing and doubled slashes are dropped. */
export function absolutePath(example: string) {
  const what = `an absolute path, such as ${example}`;
  const error = wants(what);
  const isAbsolute = (path: string) => isPlain(path) && posix.isAbsolute(path) && !climbs(path);
  const schema = z
    .string({ error })
    .refine(isAbsolute, { error })
    .transform((path) => posix.normalize(path).replace(/(?<=.)\/$/, ''));
  return takes(what, schema);
}

/** The path of an HTTP request, as a health check sends it (RFC 9112, section 3.2.1: origin-form). */
export function requestPath() {
  return matching(/^\/[\x21-\x22\x24-\x7e]*$/, 'the path of a request that starts with "/", such as /healthz');
}

function isPlain(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return path.length > 0 && path.length <= 1024 && !/[\x00-\x1f\x7f\\]/.test(path);
}

function climbs(path: string): boolean {
  return path.split('/').includes('..');
}
