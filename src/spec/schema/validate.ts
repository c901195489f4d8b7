import type { z } from 'zod';
import { nearest as nearestOf } from '../../core/nearest.ts';
import { expected, found } from './found.ts';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  /** One sentence: what was expected, what was found. */
  readonly message: string;
  /** Where to point: at the key itself, or at its value. */
  readonly at: 'key' | 'value';
  /** `not-available`: right, but not landed yet. */
  readonly kind: 'invalid' | 'not-available';
}

export type Validated<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly problems: readonly Problem[] };

/** Keys that other platforms have under another name. */
const KNOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  minInstances: 'minTasks',
  maxInstances: 'maxTasks',
  internalHealthCheck: 'healthCheck',
  deployment: 'deploy',
  env: 'environment',
  mounts: 'volumeMounts',
  versioningEnabled: 'versioning',
  services: 'resources',
  allowedOrigins: 'origins',
  allowedMethods: 'methods',
  allowedHeaders: 'headers',
  exposedHeaders: 'exposeHeaders',
  exposedResponseHeaders: 'exposeHeaders',
  maxAgeSeconds: 'maxAge',
  lifecycleRules: 'lifecycle',
  notifications: 'events',
  accessLog: 'logging',
};

/** Checks `value`; every problem is reported, not only the first. */
export function validate<T extends z.ZodType>(schema: T, value: unknown): Validated<z.output<T>> {
  const result = schema.safeParse(value, { error: describe });
  if (result.success) return { success: true, data: result.data };
  return { success: false, problems: result.error.issues.flatMap((issue) => problems(issue, [])) };
}

function describe(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((name) => unknownKey(name, shapeOf(issue.inst))).join('\n');
    case 'invalid_union':
      return Array.isArray(issue.options) ? oneOf(issue.options, discriminatorOf(issue)) : undefined;
    case 'invalid_value':
      return oneOf(issue.values, issue.input);
    case 'invalid_type':
      return expected(CONTAINERS[issue.expected] ?? issue.expected, issue.input);
    default:
      return undefined;
  }
}

const CONTAINERS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
};

/** Nobody mistypes a word as long as this; to compare it would take long. */
const LONGEST_WORD = 100;

function nearest(word: string, candidates: readonly string[]): string | undefined {
  return word.length > LONGEST_WORD ? undefined : nearestOf(word, candidates);
}

function unknownKey(name: string, known: readonly string[]): string {
  const elsewhere = Object.hasOwn(KNOWN_ELSEWHERE, name) ? KNOWN_ELSEWHERE[name] : undefined;
  const guess = elsewhere && known.includes(elsewhere) ? elsewhere : nearest(name, known);
  return `unknown key; ${guess ? `did you mean "${guess}"?` : `expected ${known.join(', ')}`}`;
}

function shapeOf(schema: unknown): readonly string[] {
  const shape = (schema as { readonly shape?: object } | undefined)?.shape;
  return shape ? Object.keys(shape) : [];
}

function oneOf(options: readonly unknown[], value: unknown): string {
  const names = options.map(String);
  const what = names.length === 1 ? `${names[0]}` : `one of ${names.join(', ')}`;
  const guess = typeof value === 'string' ? nearest(value, names) : undefined;
  return `${expected(what, value)}${guess ? `; did you mean "${guess}"?` : ''}`;
}

function discriminatorOf(issue: z.core.$ZodRawIssue): unknown {
  const input = issue.input as Record<string, unknown> | undefined;
  return input?.[String(issue.discriminator)];
}

function problems(issue: z.core.$ZodIssue, parent: Path): Problem[] {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((name, i) => invalid([...path, name], messages[i] ?? issue.message, 'key'));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    return [invalid(path, message, 'key')];
  }
  if (issue.code === 'invalid_union') {
    const branch = nearestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => problems(inner, path));
  }
  if (issue.code === 'custom' && issue.params?.notAvailable === true) {
    return [{ path, message: issue.message, at: 'value', kind: 'not-available' }];
  }
  return [invalid(path, issue.message, 'value')];
}

/** The alternative that fits best: one whose kind of value is right, and what fails is below it. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  return branches.find((issues) => issues.length > 0 && issues.every(isBelow));
}

function isBelow({ path, code }: z.core.$ZodIssue): boolean {
  return path.length > 0 || code === 'unrecognized_keys';
}

function invalid(path: Path, message: string, at: Problem['at']): Problem {
  return { path, message, at, kind: 'invalid' };
}

export function invalidValue(path: Path, message: string): Problem {
  return invalid(path, message, 'value');
}

export function unknownName(what: string, name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  const list = known.length > 0 ? `; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}` : '';
  return `expected ${what}, found ${found(name)}${guess ? `; did you mean "${guess}"?` : list}`;
}
