import { expect, test } from 'vitest';
import type { Identity } from './authenticate.ts';
import { decideAccess } from './authorize.ts';
import { bucketAccess } from './bucket-access.ts';
import type { Action, Grant } from './key-scope.ts';

const ACTIONS: readonly Action[] = [
  'list-buckets',
  'create-bucket',
  'delete-bucket',
  'find-bucket',
  'administer-bucket',
  'bypass-retention',
  'read-bucket',
  'list-objects',
  'configure-bucket',
  'read-object',
  'write-object',
];
const whole = (bucket: string): Grant => ({ bucket, access: 'read-write' });
const anonymous: Identity = { kind: 'anonymous' };
const operator: Identity = { kind: 'key', accessKeyId: 'a', owner: 'operator', grants: '*' };
const service: Identity = { kind: 'key', accessKeyId: 'b', owner: 'photos/web', grants: [whole('images')] };

const operatorOfOne: Identity = { kind: 'key', accessKeyId: 'c', owner: 'operator:images', grants: [whole('images')] };

interface Given {
  readonly public?: boolean;
  readonly documents?: Readonly<Record<string, string>>;
}

const accessOf = (name: string, given: Given) =>
  bucketAccess({
    name,
    createdAt: 0,
    versioning: 'disabled',
    accessibility: given.public ? 'public' : 'private',
    documents: given.documents,
  });

const may = (identity: Identity, action: Action, permission: string, bucket = 'images', given: Given = {}) =>
  decideAccess(identity, {
    action,
    bucket,
    key: 'k',
    prefix: '',
    permission,
    access: accessOf(bucket, given),
    context: () => [],
  }) === 'allowed';

const allowed = (identity: Identity, bucket: string, isPublic: boolean) =>
  ACTIONS.filter((action) => may(identity, action, 's3:GetObject', bucket, { public: isPublic }));

test('the operator may do everything', () => {
  expect(allowed(operator, 'any', false)).toEqual(ACTIONS);
});

test('a service reaches its bucket and cannot delete it', () => {
  expect(allowed(service, 'images', false)).toEqual([
    'list-buckets',
    'create-bucket',
    'find-bucket',
    'read-bucket',
    'list-objects',
    'configure-bucket',
    'read-object',
    'write-object',
  ]);
  expect(allowed(service, 'images2', false)).toEqual(['list-buckets']);
  expect(allowed({ ...service, grants: [] }, '', false)).toEqual(['list-buckets']);
});

test('nobody may do anything in a closed bucket, whatever opened it', () => {
  const policy = JSON.stringify({
    Statement: {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::images', 'arn:aws:s3:::images/*'],
    },
  });
  const given = { public: true, documents: { policy, acl: 'public-read-write' } };
  expect(may(anonymous, 'write-object', 's3:PutObject', 'images', given)).toBe(true);
  const closed = { ...given, documents: { ...given.documents, closed: 'true' } };
  for (const identity of [operator, operatorOfOne, service, anonymous]) {
    const others = ACTIONS.filter((action) => action !== 'create-bucket'); // which the store refuses
    expect(others.filter((action) => may(identity, action, 's3:GetObject', 'images', closed))).toEqual([]);
  }
});

test('the public reads objects of public buckets only', () => {
  expect(allowed(anonymous, 'images', true)).toEqual(['read-object']);
  expect(allowed(anonymous, 'images', false)).toEqual([]);
  expect(allowed(service, 'open', true)).toEqual(['list-buckets', 'read-object']);
});

test('only an operator says who may do what', () => {
  expect(allowed(operatorOfOne, 'images', false)).toEqual(
    ACTIONS.filter((action) => !['delete-bucket'].includes(action)),
  );
  expect(allowed(operatorOfOne, 'other', false)).toEqual(['list-buckets']);
});

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const statement = (Effect: string, Action: string, Principal: unknown = '*') => ({
  Effect,
  Principal,
  Action,
  Resource: ['arn:aws:s3:::images', 'arn:aws:s3:::images/*'],
});

test('a policy lets others in, and locks even those out whose key reaches the bucket', () => {
  const open = { documents: { policy: policy(statement('Allow', 's3:GetObject')) } };
  expect(may(anonymous, 'read-object', 's3:GetObject', 'images', open)).toBe(true);
  expect(may(anonymous, 'write-object', 's3:PutObject', 'images', open)).toBe(false);
  const closed = { public: true, documents: { policy: policy(statement('Deny', 's3:*')) } };
  for (const identity of [anonymous, service, operator]) {
    expect(may(identity, 'read-object', 's3:GetObject', 'images', closed)).toBe(false);
  }
  expect(may(operator, 'administer-bucket', 's3:DeleteBucketPolicy', 'images', closed)).toBe(true);
  expect(may(operatorOfOne, 'administer-bucket', 's3:PutBucketPolicy', 'images', closed)).toBe(true);
  expect(may(service, 'read-bucket', 's3:GetBucketPolicy', 'images', closed)).toBe(false);
});

test('a policy can name a service', () => {
  const Principal = { AWS: 'arn:aws:iam::000000000000:user/other/web' };
  const given = { documents: { policy: policy(statement('Allow', 's3:GetObject', Principal)) } };
  const other: Identity = { kind: 'key', accessKeyId: 'd', owner: 'other/web', grants: [whole('other')] };
  expect(may(other, 'read-object', 's3:GetObject', 'images', given)).toBe(true);
  expect(may({ ...other, owner: 'other/web2' }, 'read-object', 's3:GetObject', 'images', given)).toBe(false);
  expect(may(anonymous, 'read-object', 's3:GetObject', 'images', given)).toBe(false);
});

test('a restricted bucket is public to nobody', () => {
  const block = JSON.stringify({ restrictPublicBuckets: true });
  const documents = { policy: policy(statement('Allow', 's3:GetObject')), 'public-access-block': block };
  expect(may(anonymous, 'read-object', 's3:GetObject', 'images', { public: true, documents })).toBe(false);
  expect(may(service, 'read-object', 's3:GetObject', 'images', { public: true, documents })).toBe(true);
});
