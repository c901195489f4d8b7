import type { Identity } from '../authenticate.ts';
import { matchesWildcard } from '../wildcard.ts';
import { type Condition, type ConditionContext, conditionHolds } from './condition.ts';
import { includesIdentity, type Principals } from './principal.ts';

/** Patterns, or all but what they match. */
export interface Patterns {
  readonly patterns: readonly string[];
  readonly negated: boolean;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: Principals;
  readonly notPrincipals: boolean;
  /** Lower-case. */
  readonly actions: Patterns;
  readonly resources: Patterns;
  readonly conditions: readonly Condition[];
}

/** A parsed bucket policy. */
export interface Policy {
  readonly statements: readonly Statement[];
}

export interface PolicyRequest {
  readonly identity: Identity;
  /** `s3:GetObject`. */
  readonly permission: string;
  /** `<bucket>` or `<bucket>/<key>`. */
  readonly resource: string;
  readonly context: ConditionContext;
}

export const RESOURCE_PREFIX = 'arn:aws:s3:::';

/** A Deny that matches wins over every Allow; nothing that matches is no answer. */
export function evaluatePolicy({ statements }: Policy, request: PolicyRequest): 'allow' | 'deny' | undefined {
  const effects = new Set(statements.filter((one) => applies(one, request)).map(({ effect }) => effect));
  if (effects.has('Deny')) return 'deny';
  return effects.has('Allow') ? 'allow' : undefined;
}

function applies(statement: Statement, { identity, permission, resource, context }: PolicyRequest): boolean {
  return (
    covers(statement.actions, permission.toLowerCase()) &&
    includesIdentity(statement.principals, identity) !== statement.notPrincipals &&
    covers(statement.resources, RESOURCE_PREFIX + resource) &&
    statement.conditions.every((condition) => conditionHolds(condition, context))
  );
}

function covers({ patterns, negated }: Patterns, text: string): boolean {
  return patterns.some((pattern) => matchesWildcard(pattern, text)) !== negated;
}

/** Whether a condition asks for a key that begins so (lower-case). */
export function policyAsks({ statements }: Policy, key: string): boolean {
  return statements.some(({ conditions }) => conditions.some((condition) => condition.key.startsWith(key)));
}

/** Whether anyone at all may do something by it (S3 User Guide, "The meaning of public"). */
export function isPublicPolicy({ statements }: Policy): boolean {
  return statements.some(
    ({ effect, principals, notPrincipals, conditions }) =>
      effect === 'Allow' && (principals.anyone || notPrincipals) && !conditions.some(limitsCallers),
  );
}

const CALLER_KEYS = new Set(['aws:principalaccount', 'aws:principalarn', 'aws:userid', 'aws:username']);
const FIXING = new Set(['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike']);
/** Blocks wider than that are as good as everyone. */
const MIN_PREFIX = { ipv4: 8, ipv6: 32 };

function limitsCallers({ operator, qualifier, ifExists, key, values }: Condition): boolean {
  if (ifExists || qualifier === 'ForAllValues') return false;
  if (key === 'aws:sourceip' && operator === 'IpAddress') return values.every(isNarrow);
  return CALLER_KEYS.has(key) && FIXING.has(operator) && values.every((value) => !/[*?]/.test(value));
}

function isNarrow(block: string): boolean {
  const [address = '', prefix] = block.split('/');
  return prefix === undefined || Number(prefix) >= (address.includes(':') ? MIN_PREFIX.ipv6 : MIN_PREFIX.ipv4);
}
