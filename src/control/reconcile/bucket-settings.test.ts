import { expect, test } from 'vitest';
import { bucketInput, showBucket } from './bucket-settings.ts';
import type { ControlContext } from './context.ts';

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

test('a bucket that is recovered keeps what was set by hand: only what was hidden is shown again', async () => {
  const told: unknown[] = [];
  const drivers = { objects: { ensureBucket: async (input: unknown) => told.push(input) } } as unknown;
  const known = { ...settings, accessibility: 'public', domains: ['a.example'], quota: 1, cors: [rule] } as const;
  await showBucket({ drivers: drivers as ControlContext['drivers'] }, { ...record, settings: known });
  expect(told).toEqual([{ name: 'images', accessibility: 'public', domains: ['a.example'], closed: false }]);
});
