import { expect, test } from 'vitest';
import { bucketInput } from './bucket-settings.ts';

const settings = { accessibility: 'private', versioning: false } as const;
const record = { app: null, name: 'images', realName: null, settings: null };

test('a quota is told, and lifted where the app file has none any more', () => {
  const limited = { ...settings, quota: 1000 };
  expect(bucketInput(record, limited)).toMatchObject({ name: 'images', quota: 1000 });
  expect(bucketInput({ ...record, settings: limited }, settings)).toMatchObject({ quota: null });
  expect(bucketInput({ ...record, settings }, settings).quota).toBeUndefined();
});

const rule = { origins: ['*'], methods: ['GET'], headers: [], exposeHeaders: [], maxAgeSeconds: 0 };

test.each([
  ['cors', [rule]],
  ['lifecycle', [{ expireDays: 7 }]],
  ['events', [{ webhook: 'hook', types: ['created'] }]],
  ['logging', { bucket: 'logs', prefix: '' }],
] as const)('%s is told, left alone where the file never had it, and taken away', (key, value) => {
  const named = { ...settings, [key]: value };
  expect(bucketInput(record, named)[key]).toEqual(value);
  expect(bucketInput({ ...record, settings: named }, settings)[key]).toBeNull();
  expect(bucketInput({ ...record, settings }, settings)[key]).toBeUndefined();
  expect(bucketInput(record, null)[key]).toBeUndefined();
});
