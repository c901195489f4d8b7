import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Identity } from '../authenticate.ts';
import { parsePolicy } from './parse-policy.ts';
import { evaluatePolicy } from './policy.ts';

/** Random policies against an evaluator that reads the JSON itself, naively, after the words of the IAM User Guide. */

type Values = Readonly<Record<string, readonly string[]>>;
type OneOrMore = string | readonly string[];

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}

interface Request {
  readonly identity: Identity;
  readonly permission: string;
  readonly resource: string;
  readonly values: Values;
}

const list = (value: OneOrMore) => (typeof value === 'string' ? [value] : value);
const quote = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The text with its variables replaced, each character said to be a wildcard or itself; none where a variable has no value. */
function expand(text: string, values: Values): { char: string; wild: boolean }[] | undefined {
  const out: { char: string; wild: boolean }[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '$' || text[i + 1] !== '{') {
      out.push({ char: text[i] as string, wild: true });
      continue;
    }
    const end = text.indexOf('}', i);
    const inside = text.slice(i + 2, end);
    const comma = inside.indexOf(',');
    const name = comma < 0 ? inside : inside.slice(0, comma);
    const fallback = comma < 0 ? undefined : inside.slice(comma).split("'")[1];
    const value = ['*', '?', '$'].includes(inside) ? inside : (values[name.toLowerCase()]?.[0] ?? fallback);
    if (value === undefined) return undefined;
    for (const char of value) out.push({ char, wild: false });
    i = end;
  }
  return out;
}

function like(pattern: string, text: string, values: Values): boolean {
  const expanded = expand(pattern, values);
  if (!expanded) return false;
  const source = expanded.map(({ char, wild }) => {
    if (wild && char === '*') return '[^]*';
    return wild && char === '?' ? '[^]' : quote(char);
  });
  return new RegExp(`^${source.join('')}$`).test(text);
}

const equal = (expected: string, actual: string, values: Values) =>
  expand(expected, values)
    ?.map(({ char }) => char)
    .join('') === actual;

const TESTS: Readonly<Record<string, (expected: string, actual: string, values: Values) => boolean>> = {
  StringEquals: equal,
  StringLike: like,
  NumericLessThan: (expected, actual) => Number(actual) < Number(expected),
};

function holds(name: string, key: string, expected: readonly string[], values: Values): boolean {
  const actual = values[key.toLowerCase()] ?? [];
  const isAbsent = actual.length === 0;
  if (name === 'Null') return expected.includes(String(isAbsent));
  const [qualifier, plain] = name.includes(':') ? name.split(':') : [undefined, name];
  const operator = (plain as string).replace('IfExists', '');
  const isNegated = operator.includes('Not');
  const matches = TESTS[operator.replace('Not', '')] as (typeof TESTS)[string];
  const one = (value: string) => expected.some((each) => matches(each, value, values)) !== isNegated;
  if (qualifier === 'ForAllValues') return actual.every(one);
  if (isAbsent) return name.endsWith('IfExists') || (isNegated && qualifier === undefined);
  // Without a qualifier the negation is that of the whole question: none of the values is one of those.
  return isNegated && qualifier === undefined ? actual.every(one) : actual.some(one);
}

function names(principal: unknown, identity: Identity): boolean {
  if (principal === '*') return true;
  const arn = (principal as { AWS: string }).AWS;
  return identity.kind === 'key' && (arn === '000000000000' || arn.endsWith(`:user/${identity.owner}`));
}

function applies(one: Statement, { identity, permission, resource, values }: Request): boolean {
  const actions = list(one.Action ?? one.NotAction ?? []);
  const resources = list(one.Resource ?? one.NotResource ?? []);
  const isAction = actions.some((action) => like(action.toLowerCase(), permission.toLowerCase(), values));
  const isResource = resources.some((pattern) => like(pattern, `arn:aws:s3:::${resource}`, values));
  const isPrincipal = one.Principal === undefined ? !names(one.NotPrincipal, identity) : names(one.Principal, identity);
  const conditions = Object.entries(one.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, expected]) => holds(operator, key, list(expected), values)),
  );
  return (
    isAction === (one.Action !== undefined) &&
    isResource === (one.Resource !== undefined) &&
    isPrincipal &&
    conditions.every(Boolean)
  );
}

function naively(statements: readonly Statement[], request: Request): 'allow' | 'deny' | undefined {
  const effects = statements.filter((one) => applies(one, request)).map(({ Effect }) => Effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : undefined;
}

const some = (...texts: readonly string[]) =>
  fc.oneof(fc.constantFrom(...texts), fc.uniqueArray(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 }));
const either = (name: string, value: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.constantFrom(name, name, `Not${name}`), value).map(([field, one]) => ({ [field]: one }));

const VARIABLE = ['$', '{'].join('');
const resource = some(
  '*',
  'arn:aws:s3:::photos/*',
  'arn:aws:s3:::photos',
  'arn:aws:s3:::photos/private/*',
  'arn:aws:s3:::photos/?',
  `arn:aws:s3:::photos/${VARIABLE}aws:username}/*`,
  `arn:aws:s3:::photos/${VARIABLE}s3:prefix, 'public'}/*`,
  `arn:aws:s3:::photos/${VARIABLE}*}*`,
);
const text = some(
  'a',
  'public/*',
  'web',
  `${VARIABLE}aws:username}`,
  `${VARIABLE}s3:prefix, 'a'}*`,
  `${VARIABLE}?}`,
  '*',
);
const conditionName = fc.constantFrom(
  ...[
    'StringEquals',
    'StringNotEquals',
    'StringLike',
    'StringNotLike',
    'StringLikeIfExists',
    'StringNotEqualsIfExists',
  ],
  ...[
    'ForAnyValue:StringLike',
    'ForAllValues:StringEquals',
    'ForAnyValue:StringNotEquals',
    'ForAllValues:StringNotLike',
  ],
);
const condition = fc.oneof(
  fc
    .tuple(conditionName, fc.constantFrom('s3:prefix', 'aws:username', 's3:RequestObjectTagKeys'), text)
    .map(([name, key, expected]) => ({ [name]: { [key]: expected } })),
  fc.constantFrom<Statement['Condition']>(
    { Null: { 's3:prefix': 'true' } },
    { Null: { 'aws:username': 'false' } },
    { NumericLessThan: { 's3:max-keys': '10' } },
    { NumericLessThanIfExists: { 's3:max-keys': ['5', '10'] } },
    undefined,
  ),
);
const user = { AWS: 'arn:aws:iam::000000000000:user/web' };
const statement = fc
  .tuple(
    fc.constantFrom('Allow', 'Deny'),
    fc.oneof(
      fc.constantFrom('*', { AWS: '000000000000' }, user).map((Principal) => ({ Principal })),
      fc.constant({ NotPrincipal: user }),
    ),
    either('Action', some('s3:*', 's3:GetObject', 's3:Put*', '*', 's3:ListBucket', 'S3:getobject*')),
    either('Resource', resource),
    condition,
  )
  .map(
    ([Effect, principal, action, resources, Condition]) =>
      ({
        Effect: 'NotPrincipal' in principal ? 'Deny' : Effect,
        ...principal,
        ...action,
        ...resources,
        Condition,
      }) as Statement,
  );
const request = fc.record({
  identity: fc.constantFrom<Identity>(
    { kind: 'anonymous' },
    { kind: 'key', accessKeyId: 'a', owner: 'web', grants: [] },
    { kind: 'key', accessKeyId: 'b', owner: 'pri*', grants: [] },
  ),
  permission: fc.constantFrom(
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
    's3:ListBucket',
    's3:GetObjectVersion',
  ),
  resource: fc
    .constantFrom('', '/a', '/web/x', '/private/x', '/pri*/x', '/*', '/*x', '/public/y')
    .map((key) => `photos${key}`),
  values: fc.record(
    {
      's3:prefix': fc.constantFrom(['a'], ['public/y'], ['*'], ['']),
      's3:max-keys': fc.constantFrom(['5'], ['10'], ['none']),
      's3:requestobjecttagkeys': fc.constantFrom(['a'], ['a', 'web'], ['?']),
    },
    { requiredKeys: [] },
  ),
});

test('a policy says what a naive reading of it says', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(statement, { minLength: 1, maxLength: 4 }),
      request,
      (statements, { identity, values, ...asked }) => {
        const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
        const all: Values = identity.kind === 'key' ? { ...values, 'aws:username': [identity.owner] } : values;
        let policy: ReturnType<typeof parsePolicy>;
        try {
          policy = parsePolicy(document, 'photos');
        } catch (error) {
          expect((error as Error).message).toContain('does not apply');
          return;
        }
        const actual = evaluatePolicy(policy, { ...asked, identity, context: (key) => all[key] ?? [] });
        expect(actual).toBe(naively(statements, { ...asked, identity, values: all }));
        seen.add(String(actual));
      },
    ),
    { numRuns: 3000 },
  );
  expect(seen).toEqual(new Set(['allow', 'deny', 'undefined']));
});
