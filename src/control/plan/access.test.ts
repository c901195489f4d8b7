import { expect, test } from 'vitest';
import type { ServiceSpec } from '../../spec/app-spec.ts';
import { connectedBuckets } from './access.ts';

const bucket = { kind: 'bucket', app: 'shop', name: 'images', state: 'active', ready: true, origin: 'file' } as const;
const byHand = { ...bucket, name: 'by-hand', origin: 'command' } as const;
const named = (connectTo: readonly string[], ...storage: readonly Parameters<typeof connectedBuckets>[2][number][]) =>
  connectedBuckets('shop', { connectTo } as ServiceSpec, storage).map(({ name }) => name);

test('a service reaches the buckets that it names, and those made by command for its app', () => {
  const others = [
    { ...byHand, app: null },
    { ...byHand, app: 'other' },
    { ...byHand, state: 'destroyed' },
    { ...byHand, ready: false },
  ] as const;
  expect(named(['images'], byHand, bucket, ...others)).toEqual(['images', 'by-hand']);
  expect(named([], byHand, bucket)).toEqual(['by-hand']);
  expect(named(['by-hand'], byHand)).toEqual(['by-hand']);
});
