import { expect, test } from 'vitest';
import { GatewayDemand, type S3Load } from './gateway-demand.ts';

const busy: S3Load = { objects: 0.95, gateways: [], idleCores: 1 };
const quiet: S3Load = { objects: 0.02, gateways: [0.01, 0], idleCores: 2 };
const demand = () => new GatewayDemand({ busyLooks: 3, quietLooks: 4 });
const after = (...loads: readonly S3Load[]) => {
  const one = demand();
  return loads.map((load) => one.after(load));
};

test('one more is wanted when the event loop was full and a core free for a while, and again after another while', () => {
  const used = { ...busy, gateways: [0.5] };
  expect(after(busy, busy, busy, used, used, used)).toEqual([
    'as-is',
    'as-is',
    'one-more',
    'as-is',
    'as-is',
    'one-more',
  ]);
  expect(after(busy, busy, { ...busy, objects: 0.6 }, busy, busy)).not.toContain('one-more');
});

test.each<[string, S3Load]>([
  ['other programs have the cores', { ...busy, idleCores: 0.3 }],
  ['a gateway has nothing to do', { ...busy, gateways: [0.6, 0.05] }],
  ['nobody knows', { ...busy, objects: Number.NaN }],
])('none is wanted where %s', (_, load) => {
  expect(after(load, load, load, load)).toEqual(Array.from({ length: 4 }, () => 'as-is'));
});

test('none stays when all of them together had next to nothing to do for long', () => {
  expect(after(quiet, quiet, quiet, quiet, quiet)).toEqual(['as-is', 'as-is', 'as-is', 'none', 'none']);
  expect(after(quiet, quiet, { ...quiet, gateways: [0.2, 0] }, quiet, quiet)).not.toContain('none');
  expect(after(quiet, quiet, { ...quiet, objects: Number.NaN }, quiet, quiet)).not.toContain('none');
});
