import { accessErrors } from '../../access/errors.ts';
import { s3Errors } from '../errors.ts';

/** What the maker of a form allows whoever fills it in (S3 API, "POST Policy"). */
export interface PostPolicy {
  readonly expiresAt: number;
  readonly conditions: readonly Condition[];
  /** How many bytes the file may have. */
  readonly size: SizeRange;
}

export interface SizeRange {
  readonly min: number;
  readonly max: number;
}

interface Condition {
  readonly match: 'eq' | 'starts-with';
  /** Lower-case, without the dollar. */
  readonly field: string;
  readonly value: string;
}

export const ANY_SIZE: SizeRange = { min: 0, max: Number.POSITIVE_INFINITY };

/** @throws HoldfastError `s3.invalid-policy-document` */
export function parsePostPolicy(base64: string): PostPolicy {
  const document = parseDocument(base64);
  const { expiration, conditions } = document;
  const expiresAt = typeof expiration === 'string' && ISO_TIME.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresAt)) throw invalid('Policy missing expiration, or it is no ISO 8601 time.');
  if (!Array.isArray(conditions)) throw invalid('Policy missing conditions.');
  const parsed = conditions.map((condition: unknown) => parseCondition(condition));
  const ranges = parsed.filter((one) => 'min' in one);
  return {
    expiresAt,
    conditions: parsed.filter((one) => 'match' in one),
    size: {
      min: Math.max(ANY_SIZE.min, ...ranges.map(({ min }) => min)),
      max: Math.min(ANY_SIZE.max, ...ranges.map(({ max }) => max)),
    },
  };
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Its names are as they are written here; those of fields are in any case. */
function parseDocument(base64: string): { readonly expiration?: unknown; readonly conditions?: unknown } {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(base64)) throw invalid('Invalid Base64 encoding.');
  const document = parseJson(Buffer.from(base64, 'base64').toString('utf8'));
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw invalid('Invalid JSON.');
  const unknown = Object.keys(document).find((name) => name !== 'expiration' && name !== 'conditions');
  if (unknown !== undefined) throw invalid(`Unexpected: '${unknown.slice(0, 32)}'.`);
  return document;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `{"acl": "private"}`, `["eq", "$acl", "private"]`, `["starts-with", "$key", "a/"]`, `["content-length-range", 1, 9]` */
function parseCondition(condition: unknown): Condition | SizeRange {
  if (Array.isArray(condition)) return parseTriple(condition);
  if (typeof condition !== 'object' || condition === null) throw invalid('Invalid Condition.');
  const [only, ...more] = Object.entries(condition);
  if (!only || more.length > 0) throw invalid('Simple-Conditions must have exactly one property specified.');
  const [name, value] = only;
  return { match: 'eq', field: name.toLowerCase(), value: text(value) };
}

function parseTriple(triple: readonly unknown[]): Condition | SizeRange {
  const [kind, second, third] = triple;
  const match = typeof kind === 'string' ? kind.toLowerCase() : '';
  if (triple.length !== 3) throw invalid(`wrong number of arguments of ${match.slice(0, 32)}.`);
  if (match === 'content-length-range') return { min: count(second), max: count(third) };
  const field = text(second);
  if ((match !== 'eq' && match !== 'starts-with') || !field.startsWith('$')) throw invalid('Invalid Condition.');
  return { match, field: field.slice(1).toLowerCase(), value: text(third) };
}

function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalid('Invalid Condition: a string is expected.');
}

function count(value: unknown): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw invalid('Invalid content-length-range.');
}

function invalid(reason: string) {
  return s3Errors.invalidPolicyDocument(`Invalid Policy: ${reason}`);
}

/** Fields that no condition has to be about. */
const FREE_FIELDS: ReadonlySet<string> = new Set(['policy', 'x-amz-signature']);

/**
 * Every condition holds, and every field has one. The bucket counts as a field, since a
 * policy without it would be good for all that the key reaches.
 * @throws HoldfastError `access.post-policy`
 */
export function checkPostPolicy(policy: PostPolicy, fields: ReadonlyMap<string, string>, now: number): void {
  if (now >= policy.expiresAt) throw accessErrors.postPolicy('Invalid according to Policy: Policy expired.');
  for (const condition of policy.conditions) {
    const { match, field, value } = condition;
    const given = fields.get(field) ?? '';
    if (match === 'eq' ? given === value : startsWith(condition, given)) continue;
    const failed = JSON.stringify([match, `$${field}`, value]);
    throw accessErrors.postPolicy(`Invalid according to Policy: Policy Condition failed: ${failed}`);
  }
  const named = new Set(policy.conditions.map(({ field }) => field));
  const extra = [...fields.keys()].filter(
    (name) => !named.has(name) && !FREE_FIELDS.has(name) && !name.startsWith('x-ignore-'),
  );
  if (extra.length === 0) return;
  throw accessErrors.postPolicy(`Invalid according to Policy: Extra input fields: ${extra.join(', ').slice(0, 256)}`);
}

/** A Content-Type with commas is a list, of which each has to begin so (S3 API, "POST Policy", Condition Matching). */
function startsWith({ field, value }: Condition, given: string): boolean {
  const all = field === 'content-type' ? given.split(',') : [given];
  return all.every((one, i) => (i === 0 ? one : one.trimStart()).startsWith(value));
}
