import { describe, expect, test } from 'vitest';
import type { Identity } from '../authenticate.ts';
import { checkApplicableKeys } from './applicable-keys.ts';
import { parsePolicy } from './parse-policy.ts';
import { evaluatePolicy, isPublicPolicy, policyMayAllow } from './policy.ts';

/** What guides tell people to write, S3's own "Examples of Amazon S3 bucket policies" above all. */

const BUCKET = 'arn:aws:s3:::photos';
const OBJECTS = `${BUCKET}/*`;
const ALL = [BUCKET, OBJECTS];
const WEB = 'arn:aws:iam::000000000000:user/photos/web';
const web: Identity = { kind: 'key', accessKeyId: 'a', owner: 'photos/web', grants: [] };
const anonymous: Identity = { kind: 'anonymous' };

type Fields = Readonly<Record<string, unknown>>;
type Context = Readonly<Record<string, readonly string[]>>;

const allow = (Principal: unknown, Action: unknown, more: Fields = {}): Fields => ({
  ...{ Effect: 'Allow', Principal, Action, Resource: OBJECTS },
  ...more,
});
const deny = (Action: unknown, Condition: unknown, more: Fields = {}): Fields => ({
  ...{ Effect: 'Deny', Principal: '*', Action, Resource: OBJECTS, Condition },
  ...more,
});

function take(...statements: readonly Fields[]) {
  const policy = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'photos');
  checkApplicableKeys(policy);
  return policy;
}

describe('taken, and as wide as written', () => {
  const put = { permission: 's3:PutObject' };
  const list = { permission: 's3:ListBucket', resource: 'photos' };

  test.each<[string, Fields, object, Context, 'allow' | 'deny' | undefined]>([
    [
      'plain HTTP',
      deny('s3:*', { Bool: { 'aws:SecureTransport': 'false' } }, { Resource: ALL }),
      {},
      { 'aws:securetransport': ['false'] },
      'deny',
    ],
    [
      'TLS',
      deny('s3:*', { Bool: { 'aws:SecureTransport': 'false' } }, { Resource: ALL }),
      list,
      { 'aws:securetransport': ['true'] },
      undefined,
    ],
    [
      'no encryption asked for',
      deny('s3:PutObject', { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
      put,
      {},
      'deny',
    ],
    [
      'another encryption',
      deny('s3:PutObject', { StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' } }),
      put,
      { 's3:x-amz-server-side-encryption': ['aws:kms'] },
      'deny',
    ],
    [
      'the encryption',
      deny('s3:PutObject', { StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' } }),
      put,
      { 's3:x-amz-server-side-encryption': ['AES256'] },
      undefined,
    ],
    [
      "customers' keys",
      deny('s3:PutObject', { Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' } }),
      put,
      { 's3:x-amz-server-side-encryption-customer-algorithm': ['AES256'] },
      'deny',
    ],
    [
      'an address outside',
      deny(
        's3:*',
        { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '2001:db8:1234:5678::/64'] } },
        { Resource: ALL },
      ),
      {},
      { 'aws:sourceip': ['203.0.113.1'] },
      'deny',
    ],
    [
      'an address inside',
      deny(
        's3:*',
        { NotIpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '2001:db8:1234:5678::/64'] } },
        { Resource: ALL },
      ),
      {},
      { 'aws:sourceip': ['2001:db8:1234:5678::1'] },
      undefined,
    ],
    ['public read', allow('*', ['s3:GetObject', 's3:GetObjectVersion']), {}, {}, 'allow'],
    ['public read, a write', allow('*', ['s3:GetObject', 's3:GetObjectVersion']), put, {}, undefined],
    [
      'a referer',
      allow('*', 's3:GetObject', { Condition: { StringLike: { 'aws:Referer': 'https://www.example.test/*' } } }),
      {},
      { 'aws:referer': ['https://other.test/'] },
      undefined,
    ],
    [
      'an ACL that must be set',
      deny('s3:PutObject', { StringNotEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } }),
      put,
      {},
      'deny',
    ],
    [
      'an ACL that may not be set',
      deny(['s3:PutObject', 's3:PutObjectAcl'], {
        StringEquals: { 's3:x-amz-acl': ['public-read', 'public-read-write'] },
      }),
      put,
      { 's3:x-amz-acl': ['public-read'] },
      'deny',
    ],
    [
      'a folder of a user',
      allow({ AWS: WEB }, 's3:ListBucket', {
        Resource: BUCKET,
        Condition: { StringLike: { 's3:prefix': ['photos/web/*'] } },
      }),
      { ...list, identity: web },
      { 's3:prefix': ['photos/'] },
      undefined,
    ],
    [
      'pages of a listing',
      deny(
        ['s3:ListBucket', 's3:ListBucketVersions'],
        { NumericGreaterThan: { 's3:max-keys': '10' } },
        { Resource: BUCKET },
      ),
      list,
      { 's3:max-keys': ['11'] },
      'deny',
    ],
    [
      'tags that it has',
      allow('*', ['s3:GetObject', 's3:GetObjectVersion'], {
        Condition: { StringEquals: { 's3:ExistingObjectTag/environment': 'production' } },
      }),
      {},
      {},
      undefined,
    ],
    [
      'tags that it gets',
      deny('s3:PutObjectTagging', { 'ForAllValues:StringNotLike': { 's3:RequestObjectTagKeys': ['Owner'] } }),
      { permission: 's3:PutObjectTagging' },
      { 's3:requestobjecttagkeys': ['Owner'] },
      undefined,
    ],
    [
      'old signatures',
      deny('s3:*', { StringEquals: { 's3:signatureversion': 'AWS' } }),
      {},
      { 's3:signatureversion': ['AWS4-HMAC-SHA256'] },
      undefined,
    ],
    [
      'old presigned URLs',
      deny('s3:*', { NumericGreaterThan: { 's3:signatureAge': '600000' } }),
      {},
      { 's3:signatureage': ['600001'] },
      'deny',
    ],
    [
      'writes without a condition',
      deny('s3:PutObject', { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } }),
      put,
      { 's3:objectcreationoperation': ['false'] },
      undefined,
    ],
    [
      'all but reading',
      deny(undefined, { StringNotEquals: { 'aws:PrincipalAccount': '000000000000' } }, { NotAction: 's3:GetObject' }),
      put,
      {},
      'deny',
    ],
    [
      'all but a folder',
      deny('s3:*', undefined, { Resource: undefined, NotResource: `${BUCKET}/public/*` }),
      { resource: 'photos/public/a' },
      {},
      undefined,
    ],
  ])('%s', (_, statement, request, context, effect) => {
    const asked = { identity: anonymous, permission: 's3:GetObject', resource: 'photos/a', ...request };
    expect(evaluatePolicy(take(statement), { ...asked, context: (key) => context[key] ?? [] })).toBe(effect);
  });
});

const SOURCE = { ArnLike: { 'aws:SourceArn': BUCKET }, StringEquals: { 'aws:SourceAccount': '111122223333' } };

describe('taken for a service of AWS, and nobody can do anything by it', () => {
  const logging = { Service: 'logging.s3.amazonaws.com' };

  test.each<[string, Fields]>([
    ['access logs', allow(logging, 's3:PutObject', { Condition: SOURCE })],
    [
      'several',
      allow({ Service: ['delivery.logs.amazonaws.com', 'cloudtrail.amazonaws.com'] }, 's3:*', { Resource: ALL }),
    ],
    [
      'CloudTrail',
      allow({ Service: 'cloudtrail.amazonaws.com' }, 's3:PutObject', {
        Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } },
      }),
    ],
    [
      'CloudFront',
      allow({ Service: 'cloudfront.amazonaws.com' }, 's3:GetObject', {
        Condition: {
          StringEquals: { 'AWS:SourceArn': 'arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE' },
        },
      }),
    ],
    ['in China', allow({ Service: 'ec2.amazonaws.com.cn' }, 's3:GetObject')],
  ])('%s', (_, statement) => {
    const policy = take(statement);
    expect(isPublicPolicy(policy)).toBe(false);
    for (const identity of [anonymous, web]) {
      for (const permission of ['s3:PutObject', 's3:GetObject']) {
        const request = { identity, permission, resource: 'photos/a', context: () => [] };
        expect(evaluatePolicy(policy, request)).toBeUndefined();
        expect(policyMayAllow(policy, identity, [permission])).toBe(false);
      }
    }
  });

  test('and whom it names besides can, if the conditions say so', () => {
    const both = { AWS: WEB, ...logging };
    expect(() => take(allow(both, 's3:PutObject', { Condition: SOURCE }))).toThrow('aws:SourceArn');
    const policy = take(allow(both, 's3:PutObject', { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.1' } } }));
    const put = { identity: web, permission: 's3:PutObject', resource: 'photos/a' };
    expect(evaluatePolicy(policy, { ...put, context: () => ['192.0.2.1'] })).toBe('allow');
    expect(evaluatePolicy(policy, { ...put, context: () => ['192.0.2.2'] })).toBeUndefined();
  });
});

test.each<[string, Fields]>([
  ['VPC endpoints', deny('s3:*', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1a2b3c4d' } })],
  [
    'an organization',
    allow('*', 's3:GetObject', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-aa111bb222' } } }),
  ],
  ['MFA', deny('s3:*', { Null: { 'aws:MultiFactorAuthAge': true } })],
  ['TLS versions', deny('s3:*', { NumericLessThan: { 's3:TlsVersion': 1.2 } })],
  ['keys of a KMS', deny('s3:PutObject', { Null: { 's3:x-amz-server-side-encryption-aws-kms-key-id': 'true' } })],
  [
    'what ownership controls are to say',
    deny(
      's3:PutBucketOwnershipControls',
      { StringEquals: { 's3:x-amz-object-ownership': 'ObjectWriter' } },
      { Resource: BUCKET },
    ),
  ],
  [
    'listings and reads by the same prefix',
    allow('*', ['s3:ListBucket', 's3:GetObject'], {
      Resource: ALL,
      Condition: { StringLike: { 's3:prefix': 'public/*' } },
    }),
  ],
  ['another account', allow({ AWS: 'arn:aws:iam::111122223333:root' }, 's3:GetObject')],
  [
    'an identity of CloudFront',
    allow({ AWS: 'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1' }, 's3:GetObject'),
  ],
  ['a canonical user', allow({ CanonicalUser: 'ab'.repeat(32) }, 's3:GetObject')],
  ['the log delivery, denied', deny('s3:PutObject', undefined, { Principal: { Service: 'logging.s3.amazonaws.com' } })],
  [
    'all but a service',
    deny('s3:*', undefined, { Principal: undefined, NotPrincipal: { Service: 'ec2.amazonaws.com' } }),
  ],
])('refused, as nothing here could do what it says: %s', (_, statement) => {
  expect(() => take(statement)).toThrow(expect.objectContaining({ code: 'access.policy-malformed' }));
});

test('the keys of a policy as long as can be are looked at in no time to speak of', () => {
  const keys = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`s3:RequestObjectTag/${i}`, '']));
  const statement = allow('*', Array(1150).fill('s3:*P*t*'), { Condition: { StringLike: keys } });
  const before = process.threadCpuUsage();
  take(statement);
  const { user } = process.threadCpuUsage(before);
  expect(user / 1000).toBeLessThan(1000); // 100; who asks each key and action anew takes ten seconds
});
