import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HoldfastError } from '../../../core/errors.ts';
import type { Identity } from '../authenticate.ts';
import { matchesWildcard } from '../wildcard.ts';
import { compileCondition, conditionHolds } from './condition.ts';
import { parsePolicy } from './parse-policy.ts';
import { evaluatePolicy, isPublicPolicy } from './policy.ts';

const anonymous: Identity = { kind: 'anonymous' };
const statement = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
  ...more,
});
const variable = (name: string) => `$${'{'}${name}}`;
const text = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const parse = (...statements: object[]) => parsePolicy(text(...statements), 'photos');
const evaluate = (
  statements: object[],
  {
    permission = 's3:GetObject',
    resource = 'photos/a',
    context = {} as Record<string, string[]>,
    identity = anonymous as Identity,
  } = {},
) => evaluatePolicy(parse(...statements), { identity, permission, resource, context: (key) => context[key] ?? [] });

describe('a policy is refused', () => {
  test.each([
    ['[]', 'valid JSON'],
    ['{', 'valid JSON'],
    ['{}', 'Statement is empty'],
    [text(), 'Statement is empty'],
    ['{"Version":"2012","Statement":[]}', 'version'],
    ['{"Statement":[],"__proto__":{}}', 'Unknown field __proto__'],
    [text({}), 'Missing required field Effect'],
    [text(statement({ Effect: 'allow' })), 'Invalid effect'],
    [text(statement({ Principal: undefined })), 'Missing required field Principal'],
    [text(statement({ Principal: 'me' })), 'Invalid principal'],
    [text(statement({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } })), 'Invalid principal'],
    [text(statement({ Effect: 'Deny', Principal: { Service: 's3.amazonaws.com' } })), 'Deny for a service'],
    [text(statement({ Principal: { AWS: '*', Service: '*' } })), 'Invalid principal'],
    [text(statement({ Principal: { Service: 's3.amazonaws.com.example.test' } })), 'Invalid principal'],
    [text(statement({ Principal: { Service: [] } })), 'Invalid principal'],
    [text(statement({ Principal: { Federated: 'accounts.example.test' } })), 'Invalid principal'],
    [text(statement({ Principal: { AWS: [] } })), 'Invalid principal'],
    [text(statement({ Principal: undefined, NotPrincipal: '*' })), 'NotPrincipal'],
    [text(statement({ Action: undefined })), 'Missing required field Action'],
    [text(statement({ NotAction: 's3:*' })), 'exclude each other'],
    [text(statement({ Action: 's3:GetObjekt' })), 'invalid action'],
    [text(statement({ Action: [] })), 'invalid action'],
    [text(statement({ Action: 's3:ListBucket' })), 'does not apply'],
    [text(statement({ Resource: 'arn:aws:s3:::photos' })), 'does not apply'],
    [text(statement({ Resource: 'arn:aws:s3:::other/*' })), 'invalid resource'],
    [text(statement({ Resource: 'photos/*' })), 'invalid resource'],
    [
      JSON.stringify({ Statement: [statement({ Resource: `arn:aws:s3:::photos/${variable('aws:username')}` })] }),
      'need',
    ],
    [text(statement({ Resource: `arn:aws:s3:::${variable('aws:username')}/*` })), 'invalid resource'],
    [text(statement({ Resource: `arn:aws:s3:::photos/${variable('aws:usernam')}/*` })), 'invalid variable'],
    [text(statement({ Resource: `arn:aws:s3:::photos/${variable('s3:RequestObjectTagKeys')}` })), 'invalid variable'],
    [text(statement({ Resource: `arn:aws:s3:::photos/${variable("aws:username, 'a")}` })), 'invalid variable'],
    [text(statement({ Resource: `arn:aws:s3:::photos/$${'{'}aws:username` })), 'not closed'],
    [text(statement({ Condition: { ArnLike: { 'aws:PrincipalArn': variable('aws:username') } } })), 'Invalid value'],
    [text(statement({ Condition: { Bool: { 'aws:SecureTransport': variable('aws:username') } } })), 'Invalid value'],
    [text(statement({ Condition: { BinaryEquals: { 's3:prefix': 'not base64' } } })), 'Invalid value'],
    [text(statement({ Condition: { StringIs: { 'aws:Referer': 'x' } } })), 'Condition type'],
    [text(statement({ Condition: { NullIfExists: { 'aws:Referer': 'true' } } })), 'Condition type'],
    [text(statement({ Condition: { StringEquals: { 'aws:Refferer': 'x' } } })), 'condition key'],
    [text(statement({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } } })), 'Invalid value'],
    [text(statement({ Condition: { IpAddress: { 'aws:SourceIp': 'here' } } })), 'Invalid value'],
    [text(statement({ Condition: { NumericLessThan: { 's3:max-keys': 'ten' } } })), 'Invalid value'],
    [text(statement({ Condition: { DateLessThan: { 'aws:CurrentTime': 'soon' } } })), 'Invalid value'],
    [text(statement({ Condition: { Bool: { 'aws:SecureTransport': 'maybe' } } })), 'Invalid value'],
    [text(statement({ Sid: 'x'.repeat(20 * 1024) })), 'maximum allowed document size'],
  ])('%.100s', (policy, reason) => {
    expect(() => parsePolicy(policy, 'photos')).toThrow(
      expect.objectContaining({ code: 'access.policy-malformed', message: expect.stringContaining(reason) }),
    );
  });
});

test('allows what matches, and says nothing of the rest', () => {
  expect(evaluate([statement()])).toBe('allow');
  expect(evaluate([statement()], { permission: 's3:PutObject' })).toBeUndefined();
  expect(evaluate([statement({ Resource: 'arn:aws:s3:::photos/pub*' })], { resource: 'photos/public/x' })).toBe(
    'allow',
  );
  expect(evaluate([statement({ Resource: 'arn:aws:s3:::photos/pub*' })])).toBeUndefined();
  expect(evaluate([statement({ Action: 'S3:getobject' })])).toBe('allow');
  expect(evaluate([statement({ Action: undefined, NotAction: 's3:GetObject' })])).toBeUndefined();
  expect(evaluate([statement({ Action: undefined, NotAction: 's3:PutObject' })])).toBe('allow');
  const apart = statement({ Effect: 'Deny', Resource: undefined, NotResource: 'arn:aws:s3:::photos/a' });
  expect(evaluate([statement(), apart])).toBe('allow');
  expect(evaluate([statement(), apart], { resource: 'photos/b' })).toBe('deny');
});

test('NotPrincipal denies all but those it names', () => {
  const NotPrincipal = { AWS: 'arn:aws:iam::000000000000:user/photos/web' };
  const policy = [statement(), statement({ Effect: 'Deny', Principal: undefined, NotPrincipal })];
  const web: Identity = { kind: 'key', accessKeyId: 'a', owner: 'photos/web', grants: [] };
  expect(evaluate(policy)).toBe('deny');
  expect(evaluate(policy, { identity: web })).toBe('allow');
});

describe('a condition holds', () => {
  const holds = (operator: string, values: string[], actual: string[], key = 's3:prefix') =>
    conditionHolds(compileCondition(operator, key, values), () => actual);

  test.each([
    ['StringEquals', ['a', 'b'], ['b'], true],
    ['StringEquals', ['a'], ['A'], false],
    ['StringEquals', ['a'], [], false],
    ['StringEqualsIfExists', ['a'], [], true],
    ['StringNotEquals', ['a', 'b'], ['b'], false],
    ['StringNotEquals', ['a'], ['c'], true],
    ['StringNotEquals', ['a'], [], true],
    ['StringEqualsIgnoreCase', ['a'], ['A'], true],
    ['StringNotEqualsIgnoreCase', ['a'], ['A'], false],
    ['StringLike', ['home/?/*'], ['home/a/b/c'], true],
    ['StringNotLike', ['home/*'], ['away'], true],
    ['NumericLessThanEquals', ['10'], ['10'], true],
    ['NumericLessThan', ['10'], ['9.5'], true],
    ['NumericGreaterThan', ['10'], ['x'], false],
    ['NumericNotEquals', ['10'], ['10.0'], false],
    ['NumericEquals', ['10'], [''], false],
    ['DateGreaterThan', ['2026-01-01T00:00:00Z'], ['2026-06-01T00:00:00Z'], true],
    ['DateLessThan', ['1767225600'], ['2025-12-31T23:59:59Z'], true],
    ['Bool', ['true'], ['True'], true],
    ['Bool', ['false'], ['true'], false],
    ['BinaryEquals', ['QUI='], ['QUI='], true],
    ['BinaryEquals', ['QUI='], ['QUJD'], false],
    ['Null', ['true'], [], true],
    ['Null', ['false'], ['x'], true],
    ['Null', ['true'], ['x'], false],
    ['IpAddress', ['10.0.0.0/8', '2001:db8::/32'], ['10.1.2.3'], true],
    ['IpAddress', ['10.0.0.0/8', '2001:db8::/32'], ['2001:db8:1::1'], true],
    ['IpAddress', ['10.0.0.0/8'], ['11.0.0.1'], false],
    ['IpAddress', ['10.0.0.0/8'], ['not an address'], false],
    ['NotIpAddress', ['10.0.0.0/8'], ['10.1.2.3'], false],
    ['ArnLike', ['arn:aws:iam::*:user/photos/*'], ['arn:aws:iam::000000000000:user/photos/web'], true],
    ['ArnNotEquals', ['arn:aws:iam::*:user/photos/*'], ['arn:aws:iam::000000000000:user/other/web'], true],
    ['ArnLike', ['arn:aws:*:user/x'], ['arn:aws:iam::000000000000:user/x'], 'refused'],
    ['ForAnyValue:StringEquals', ['a'], ['b', 'a'], true],
    ['ForAnyValue:StringEquals', ['a'], [], false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'a'], true],
    ['ForAllValues:StringEquals', ['a'], ['b', 'a'], false],
    ['ForAllValues:StringEquals', ['a'], [], true],
  ])('%s %j of %j: %s', (operator, values, actual, expected) => {
    if (expected === 'refused') expect(() => holds(operator, values, actual)).toThrow('Invalid value');
    else expect(holds(operator, values, actual)).toBe(expected);
  });
});

test.each([
  [statement(), true],
  [statement({ Principal: { AWS: '*' }, Condition: { StringLike: { 'aws:Referer': 'https://a/*' } } }), true],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), false],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '0.0.0.0/1'] } } }), true],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } } }), false],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': '2001::/16' } } }), true],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': '::ffff:10.0.0.0/104' } } }), false],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': '::ffff:0:0/96' } } }), true],
  [statement({ Condition: { IpAddress: { 'aws:SourceIp': '::/64' } } }), true],
  [statement({ Condition: { StringEquals: { 'aws:username': variable('aws:username') } } }), true],
  [statement({ Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), true],
  [statement({ Condition: { StringEquals: { 'aws:username': 'photos/web' } } }), false],
  [statement({ Condition: { StringEqualsIfExists: { 'aws:username': 'photos/web' } } }), true],
  [statement({ Principal: { AWS: '000000000000' } }), false],
  [statement({ Effect: 'Deny' }), false],
])('%j is public: %s', (one, expected) => {
  expect(isPublicPolicy(parse(one))).toBe(expected);
});

const name = fc.constantFrom('a', 'a/b', 'private/x', 'public/y');
const someStatement = fc.record({
  Effect: fc.constantFrom('Allow', 'Deny'),
  Principal: fc.constantFrom('*', { AWS: '000000000000' }, { AWS: 'arn:aws:iam::000000000000:user/photos/web' }),
  Action: fc.constantFrom('s3:*', 's3:GetObject', 's3:Put*', '*'),
  Resource: fc.constantFrom('*', 'arn:aws:s3:::photos/*', 'arn:aws:s3:::photos/private/*'),
});
const someRequest = fc.record({
  permission: fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:DeleteObject'),
  resource: name.map((key) => `photos/${key}`),
  identity: fc.constantFrom<Identity>(anonymous, { kind: 'key', accessKeyId: 'a', owner: 'photos/web', grants: [] }),
});

test('a Deny always wins, wherever it stands, and without an Allow nothing is allowed', () => {
  fc.assert(
    fc.property(fc.array(someStatement, { minLength: 1, maxLength: 6 }), someRequest, (statements, request) => {
      const alone = statements.map((one) => evaluate([one], request));
      const together = evaluate(statements, request);
      const expected = alone.includes('deny') ? 'deny' : alone.includes('allow') ? 'allow' : undefined;
      expect(together).toBe(expected);
      expect(evaluate(statements.toReversed(), request)).toBe(together);
    }),
    { numRuns: 500 },
  );
});

test('whatever comes as a policy is read or refused with a reason', () => {
  const fields = fc.constantFrom(
    'Version',
    'Statement',
    'Effect',
    'Principal',
    'Action',
    'Resource',
    'Condition',
    'AWS',
  );
  const leaf = fc.oneof(
    fc.constantFrom('2012-10-17', 'Allow', 'Deny', '*', 's3:*', 'arn:aws:s3:::photos/*', 'StringLike', 'aws:Referer'),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 5 }, leaf, fc.dictionary(fields, tie('tree')), fc.array(tie('tree'), { maxLength: 3 })),
  }));
  fc.assert(
    fc.property(
      fc.oneof(
        tree.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (policy) => {
        try {
          parsePolicy(policy, 'photos');
        } catch (error) {
          expect((error as HoldfastError).code).toBe('access.policy-malformed');
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('a wildcard is what its regular expression says, also where that would take forever', () => {
  const piece = fc.stringMatching(/^[ab*?]{0,8}$/);
  fc.assert(
    fc.property(piece, fc.stringMatching(/^[ab]{0,10}$/), (pattern, subject) => {
      const expression = new RegExp(`^${pattern.replaceAll(/\*+/g, '*').replaceAll('*', '.*').replaceAll('?', '.')}$`);
      expect(matchesWildcard(pattern, subject)).toBe(expression.test(subject));
    }),
    { numRuns: 1000 },
  );
  expect(matchesWildcard(`${'*a'.repeat(2000)}b`, 'a'.repeat(5000))).toBe(false);
});
