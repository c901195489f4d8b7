import { describe, expect, test } from 'vitest';
import { checkPostPolicy, parsePostPolicy } from './post-policy.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const EXPIRATION = '2026-01-02T03:05:00.000Z';
const encode = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64');
const parse = (...conditions: unknown[]) => parsePostPolicy(encode({ expiration: EXPIRATION, conditions }));
const check = (conditions: unknown[], fields: Record<string, string>) =>
  checkPostPolicy(parse(...conditions), new Map(Object.entries(fields)), NOW);
const failure = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('a policy', () => {
  test.each([
    ['eq', [['eq', '$key', 'a']], { key: 'a' }],
    ['eq as an object', [{ key: 'a' }, { acl: 'private' }], { key: 'a', acl: 'private' }],
    ['starts-with', [['starts-with', '$key', 'user/']], { key: 'user/x' }],
    ['anything', [['starts-with', '$key', '']], { key: 'whatever' }],
    ['names in any case', [['StArTs-WiTh', '$KeY', 'a'], { bUcKeT: 'b' }], { key: 'a', bucket: 'b' }],
    [
      'starts-with of every type in a list',
      [['starts-with', '$Content-Type', 'image/']],
      { 'content-type': 'image/png, image/gif' },
    ],
    ['a number', [{ success_action_status: 201 }], { success_action_status: '201' }],
    ['fields that need no condition', [], { policy: 'x', 'x-amz-signature': 'x', 'x-ignore-this': 'x' }],
  ])('allows by %s', (_what, conditions, fields) => {
    check(conditions, fields as Record<string, string>);
  });

  test.each([
    ['another value', [{ key: 'a' }], { key: 'b' }, 'Policy Condition failed: ["eq", "$key", "a"]'],
    ['another beginning', [['starts-with', '$key', 'a/']], { key: 'b/a/' }, 'Policy Condition failed'],
    [
      'one of two conditions',
      [
        ['starts-with', '$key', 'a'],
        ['eq', '$key', 'ab'],
      ],
      { key: 'ac' },
      'Condition failed',
    ],
    [
      'a list with another type',
      [['starts-with', '$Content-Type', 'image/']],
      { 'content-type': 'image/png,text/html' },
      'Policy Condition failed',
    ],
    ['a missing field', [{ acl: 'private' }], {}, 'Policy Condition failed'],
    ['a field without a condition', [], { key: 'a' }, 'Extra input fields: key'],
  ])('refuses %s', (_what, conditions, fields, message) => {
    const given = fields as Record<string, string>;
    expect(() => check(conditions, given)).toThrow(failure('access.post-policy', message.replaceAll(', ', ',')));
  });

  test('expires', () => {
    const policy = parse();
    checkPostPolicy(policy, new Map(), Date.parse(EXPIRATION) - 1);
    expect(() => checkPostPolicy(policy, new Map(), Date.parse(EXPIRATION))).toThrow(
      failure('access.post-policy', 'Policy expired'),
    );
  });

  test('takes all ranges together', () => {
    expect(parse().size).toEqual({ min: 0, max: Number.POSITIVE_INFINITY });
    expect(parse(['content-length-range', 1, 10], ['content-length-range', '0', '5']).size).toEqual({ min: 1, max: 5 });
  });

  test.each<readonly [string, string]>([
    ['no base64', '{}'],
    ['no JSON', Buffer.from('{').toString('base64')],
    ['no object', encode([])],
    ['no expiration', encode({ conditions: [] })],
    ['no time', encode({ expiration: 'tomorrow', conditions: [] })],
    ['no conditions', encode({ expiration: EXPIRATION })],
    ['more than it can say', encode({ expiration: EXPIRATION, conditions: [], expires: 1 })],
    ['names in another case', encode({ Expiration: EXPIRATION, conditions: [] })],
    ['a condition of nothing', encode({ expiration: EXPIRATION, conditions: [{}] })],
    ['two conditions in one', encode({ expiration: EXPIRATION, conditions: [{ key: 'a', acl: 'private' }] })],
    ['conditions that are no list', encode({ expiration: EXPIRATION, conditions: {} })],
    ...[
      'x',
      null,
      ['eq', '$key'],
      ['eq', 'key', 'a'],
      ['like', '$key', 'a'],
      ['eq', '$key', {}],
      { key: ['a'] },
      ['content-length-range', 1],
      ['content-length-range', -1, 2],
      ['content-length-range', 'a', 2],
    ].map((one) => [JSON.stringify(one), encode({ expiration: EXPIRATION, conditions: [one] })] as const),
  ])('is refused with %s', (_what, text) => {
    expect(() => parsePostPolicy(text)).toThrow(failure('s3.invalid-policy-document'));
  });
});
