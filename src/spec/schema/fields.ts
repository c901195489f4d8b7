import { posix } from 'node:path';
import { z } from 'zod';
import { formatDuration, parseBytes, parseDuration } from '../../core/units.ts';
import { checkRegion } from '../regions.ts';
import { expected } from './found.ts';

/** The kinds of values that keys take. Each fails with one sentence: what was expected, what was found. */

type Reason = (issue: { readonly input?: unknown }) => string;
const wants =
  (what: string): Reason =>
  ({ input }) =>
    expected(what, input);

export function text(what = 'text') {
  return z.string({ error: wants(what) }).min(1, { error: wants(what) });
}

export function matching(pattern: RegExp, what: string) {
  return z.string({ error: wants(what) }).regex(pattern, { error: wants(what) });
}

export function flag() {
  return z.boolean({ error: wants('true or false') });
}

export function wholeNumber(min: number, max: number) {
  const error = wants(`a whole number from ${min} to ${max}`);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function decimal(min: number, max: number) {
  const error = wants(`a number from ${min} to ${max}`);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** Bytes; a bare number counts in `bare`. */
export function size({ bare, min, max }: { readonly bare: 'GB' | 'MiB'; readonly min: string; readonly max: string }) {
  const example = bare === 'GB' ? '25GB' : '512MiB';
  const what = `a size from ${min} to ${max}, such as ${example} (a bare number is ${bare})`;
  return quantity(what, { min: parseBytes(min), max: parseBytes(max), parse: (value) => parseBytes(value, bare) });
}

/** Milliseconds; a bare number is seconds. */
export function duration(min: number, max: number) {
  const what = `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 30 (seconds) or 5m`;
  return quantity(what, { min, max, parse: parseDuration });
}

interface Quantity {
  readonly min: number;
  readonly max: number;
  readonly parse: (value: string | number) => number;
}

function quantity(what: string, { min, max, parse }: Quantity) {
  return z.union([z.number(), z.string()], { error: wants(what) }).transform((value, context) => {
    const parsed = attempt(() => parse(value));
    if (parsed !== undefined && parsed >= min && parsed <= max) return parsed;
    context.issues.push({ code: 'custom', message: expected(what, value), input: value });
    return z.NEVER;
  });
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

export function region() {
  return z.string({ error: wants('a region code, such as ewr') }).superRefine((code, context) => {
    try {
      checkRegion(code);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const hint = 'hint' in error && error.hint ? `; ${error.hint}` : '';
      context.addIssue({ code: 'custom', message: `${error.message}${hint}` });
    }
  });
}

/** Names of resources. Case is kept; host names are made of the lower-case form. */
export const RESOURCE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
export const RESOURCE_NAME_RULE = 'a name of 1 to 40 letters, digits, "-" and "_" that starts with a letter';
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

/** A path below the app's directory. */
export function relativePath() {
  const what = "a relative path inside the app's directory, such as src/server.ts";
  return z
    .string({ error: wants(what) })
    .refine((path) => isPlain(path) && !posix.isAbsolute(path) && !climbs(path), { error: wants(what) });
}

/** An absolute path without `..`; trailing and doubled slashes are dropped. */
export function absolutePath(example: string) {
  const what = `an absolute path, such as ${example}`;
  return z
    .string({ error: wants(what) })
    .refine((path) => isPlain(path) && posix.isAbsolute(path) && !climbs(path), { error: wants(what) })
    .transform((path) => posix.normalize(path).replace(/(?<=.)\/$/, ''));
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
