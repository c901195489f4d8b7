import { expect, test } from 'vitest';
import type { Identity } from './authenticate.ts';
import { type Action, permits } from './authorize.ts';

const ACTIONS: readonly Action[] = [
  'list-buckets',
  'create-bucket',
  'delete-bucket',
  'read-bucket',
  'configure-bucket',
  'read-object',
  'write-object',
];
const anonymous: Identity = { kind: 'anonymous' };
const operator: Identity = { kind: 'key', accessKeyId: 'a', owner: 'operator', buckets: '*' };
const service: Identity = { kind: 'key', accessKeyId: 'b', owner: 'photos/web', buckets: ['images'] };

const allowed = (identity: Identity, bucket: string, isPublic: boolean) =>
  ACTIONS.filter((action) => permits(identity, { action, bucket, isPublic }));

test('the operator may do everything', () => {
  expect(allowed(operator, 'any', false)).toEqual(ACTIONS);
});

test('a service reaches its bucket and cannot delete it', () => {
  expect(allowed(service, 'images', false)).toEqual([
    'list-buckets',
    'create-bucket',
    'read-bucket',
    'configure-bucket',
    'read-object',
    'write-object',
  ]);
  expect(allowed(service, 'images2', false)).toEqual(['list-buckets']);
  expect(allowed({ ...service, buckets: [] }, '', false)).toEqual(['list-buckets']);
});

test('the public reads objects of public buckets only', () => {
  expect(allowed(anonymous, 'images', true)).toEqual(['read-object']);
  expect(allowed(anonymous, 'images', false)).toEqual([]);
  expect(allowed(service, 'open', true)).toEqual(['list-buckets', 'read-object']);
});
