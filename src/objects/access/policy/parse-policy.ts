import { accessErrors } from '../errors.ts';
import { matchesWildcard } from '../wildcard.ts';
import { type Condition, compileCondition } from './condition.ts';
import { type Patterns, type Policy, RESOURCE_PREFIX, type Statement } from './policy.ts';
import { includesSomebody, readPrincipals } from './principal.ts';
import { type ResourceLevel, S3_ACTIONS } from './s3-actions.ts';
import { hasVariables, parseTemplate } from './template.ts';

/** The only one that knows variables. */
const CURRENT_VERSION = '2012-10-17';

/** S3's limit. */
export const MAX_POLICY_BYTES = 20 * 1024;

const malformed = accessErrors.policyMalformed;
const POLICY_FIELDS = new Set(['Version', 'Id', 'Statement']);
const STATEMENT_FIELDS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

type Json = Readonly<Record<string, unknown>>;

/**
 * The policy of `bucket` (IAM User Guide, "Grammar of the IAM JSON policy language").
 * What it cannot do here is refused, never ignored.
 * @throws HoldfastError `access.policy-malformed`
 */
export function parsePolicy(text: string, bucket: string): Policy {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    throw malformed(`Policy exceeds the maximum allowed document size of ${MAX_POLICY_BYTES} bytes`);
  }
  const document = asObject(parseJson(text), 'Policies must be valid JSON and the first byte must be "{"');
  checkFields(document, POLICY_FIELDS);
  const version = document.Version;
  if (version !== undefined && version !== CURRENT_VERSION && version !== '2008-10-17') {
    throw malformed('The policy must contain a valid version string: 2012-10-17');
  }
  if (document.Id !== undefined && typeof document.Id !== 'string') throw malformed('Id must be a string');
  if (version !== CURRENT_VERSION) refuseVariables(text);
  const statements = [document.Statement ?? []].flat();
  if (statements.length === 0) throw malformed('Could not parse the policy: Statement is empty!');
  return {
    statements: statements.map((one) => readStatement(asObject(one, 'A statement must be an object'), bucket)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(`Policies must be valid JSON and the first byte must be "{": ${(error as Error).message}`);
  }
}

function readStatement(statement: Json, bucket: string): Statement {
  checkFields(statement, STATEMENT_FIELDS);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && typeof sid !== 'string') throw malformed('Sid must be a string');
  if (effect === undefined) throw malformed('Missing required field Effect');
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${JSON.stringify(effect)}`);
  const [principalField, principal] = oneOf(statement, 'Principal');
  const notPrincipals = principalField === 'NotPrincipal';
  if (notPrincipals && effect === 'Allow') throw malformed('Allow with NotPrincipal is not supported');
  const principals = readPrincipals(principal);
  if (principals.services && effect === 'Deny') throw malformed('Deny for a service of AWS is not supported');
  const actions = readPatterns(statement, 'Action');
  const resources = readPatterns(statement, 'Resource');
  for (const resource of resources.patterns) checkResource(resource, bucket);
  checkActions(actions, resources);
  return {
    effect,
    principals,
    notPrincipals,
    actions: { ...actions, patterns: actions.patterns.map((action) => action.toLowerCase()) },
    resources: { ...resources, patterns: resources.patterns.map(parseTemplate) },
    // What nobody can do anything by may ask for what no request here has: `aws:SourceArn`.
    conditions: includesSomebody(principals) ? readConditions(statement.Condition) : [],
  };
}

/** The field or its `Not…`, one of which must be there. */
function oneOf(statement: Json, name: string): [field: string, value: unknown] {
  const fields = [name, `Not${name}`].filter((field) => statement[field] !== undefined);
  const [field] = fields;
  if (field === undefined) throw malformed(`Missing required field ${name}`);
  if (fields.length > 1) throw malformed(`${name} and Not${name} exclude each other`);
  return [field, statement[field]];
}

function readPatterns(statement: Json, name: string): Patterns<string> {
  const [field, value] = oneOf(statement, name);
  const patterns = [value].flat();
  if (patterns.length === 0 || !patterns.every((pattern) => typeof pattern === 'string' && pattern !== '')) {
    throw malformed(`Policy has invalid ${name.toLowerCase()}: ${JSON.stringify(value)}`);
  }
  return { patterns: patterns as string[], negated: field !== name };
}

function checkResource(resource: string, bucket: string): void {
  if (resource === '*') return;
  const [name = ''] = resource.slice(RESOURCE_PREFIX.length).split('/');
  if (resource.startsWith(RESOURCE_PREFIX) && matchesWildcard(name, bucket)) return;
  throw malformed(
    `Policy has invalid resource: ${resource}; use ${RESOURCE_PREFIX}${bucket} or ${RESOURCE_PREFIX}${bucket}/…`,
  );
}

/** Known, and of use on the statement's resources: `s3:GetObject` on a bucket itself would never apply. */
function checkActions({ patterns, negated }: Patterns<string>, resources: Patterns<string>): void {
  const levels = new Set(resources.patterns.flatMap(levelsOf));
  for (const pattern of patterns) {
    const known = S3_ACTIONS.filter(({ name }) => matchesWildcard(pattern.toLowerCase(), name));
    if (known.length === 0) throw malformed(`Policy has invalid action: ${pattern}`);
    if (negated || resources.negated || known.some(({ level }) => levels.has(level))) continue;
    throw malformed(`Action does not apply to any resource(s) in statement: ${pattern}`);
  }
}

function levelsOf(resource: string): ResourceLevel[] {
  if (resource.includes('/')) return ['object'];
  return resource.includes('*') ? ['bucket', 'object'] : ['bucket'];
}

function readConditions(value: unknown): readonly Condition[] {
  if (value === undefined) return [];
  return Object.entries(asObject(value, 'Condition must be an object')).flatMap(([operator, keys]) =>
    Object.entries(asObject(keys, `${operator} must be an object`)).map(([key, expected]) => {
      const values = [expected].flat();
      if (values.length === 0 || !values.every((one) => ['string', 'number', 'boolean'].includes(typeof one))) {
        throw malformed(`Invalid value of ${key} in ${operator}`);
      }
      return compileCondition(operator, key, values.map(String));
    }),
  );
}

/** Taken as plain text, as S3 does, a variable would match what nobody meant. */
function refuseVariables(text: string): void {
  if (hasVariables(text)) throw malformed(`Policy variables need "Version": "${CURRENT_VERSION}"`);
}

function checkFields(object: Json, known: ReadonlySet<string>): void {
  const unknown = Object.keys(object).find((field) => !known.has(field));
  if (unknown !== undefined) throw malformed(`Unknown field ${unknown}`);
}

function asObject(value: unknown, message: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(message);
  return value as Json;
}
