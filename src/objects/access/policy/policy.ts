import { BlockList } from 'node:net';
import type { Identity } from '../authenticate.ts';
import { matchesWildcard } from '../wildcard.ts';
import { type Condition, conditionHolds } from './condition.ts';
import type { ConditionContext } from './condition-keys.ts';
import { includesIdentity, type Principals } from './principal.ts';
import { hasVariables, matchesTemplate, type Template, variablesOf } from './template.ts';

/** Patterns, or all but what they match. */
export interface Patterns<T> {
  readonly patterns: readonly T[];
  readonly negated: boolean;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: Principals;
  readonly notPrincipals: boolean;
  /** Lower-case. */
  readonly actions: Patterns<string>;
  readonly resources: Patterns<Template>;
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
  const arn = RESOURCE_PREFIX + resource;
  return (
    coversAction(statement.actions, permission) &&
    includesIdentity(statement.principals, identity) !== statement.notPrincipals &&
    covers(statement.resources, (pattern) => matchesTemplate(pattern, arn, context)) &&
    statement.conditions.every((condition) => conditionHolds(condition, context))
  );
}

function coversAction(actions: Patterns<string>, permission: string): boolean {
  const name = permission.toLowerCase();
  return covers(actions, (pattern) => matchesWildcard(pattern, name));
}

function covers<T>({ patterns, negated }: Patterns<T>, matches: (pattern: T) => boolean): boolean {
  return patterns.some(matches) !== negated;
}

/** Whether it may allow somebody one of these, as far as who they are tells. */
export function policyMayAllow({ statements }: Policy, identity: Identity, permissions: readonly string[]): boolean {
  return statements.some(
    ({ effect, principals, actions }) =>
      effect === 'Allow' &&
      includesIdentity(principals, identity) &&
      permissions.some((permission) => coversAction(actions, permission)),
  );
}

/** Whether a condition or a variable asks for a key that begins so (lower-case). */
export function policyAsks({ statements }: Policy, key: string): boolean {
  return statements.some(({ conditions, resources }) =>
    [
      ...conditions.flatMap((condition) => [condition.key, ...condition.variables]),
      ...resources.patterns.flatMap(variablesOf),
    ].some((asked) => asked.startsWith(key)),
  );
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
/** All of IPv4 (RFC 4291 section 2.5.5.2); the compatible addresses before it go with it, so that no block is around it. */
const MAPPED = new BlockList();
MAPPED.addSubnet('::', 80, 'ipv6');

function limitsCallers({ operator, qualifier, ifExists, key, values }: Condition): boolean {
  if (ifExists || qualifier === 'ForAllValues') return false;
  if (key === 'aws:sourceip' && operator === 'IpAddress') return values.every(isNarrow);
  return (
    CALLER_KEYS.has(key) && FIXING.has(operator) && values.every((value) => !/[*?]/.test(value) && !hasVariables(value))
  );
}

function isNarrow(block: string): boolean {
  const [address = '', prefix] = block.split('/');
  if (prefix === undefined) return true;
  if (!address.includes(':')) return Number(prefix) >= MIN_PREFIX.ipv4;
  if (MAPPED.check(address, 'ipv6')) return Number(prefix) >= 96 + MIN_PREFIX.ipv4;
  return Number(prefix) >= MIN_PREFIX.ipv6;
}
