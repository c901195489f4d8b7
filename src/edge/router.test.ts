import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Backend, RouteTable } from './edge-admin.ts';
import { Router } from './router.ts';

const backend = (instance: string, state: Backend['state'] = 'active'): Backend => ({
  instance,
  host: '127.0.0.1',
  port: 8080,
  state,
});

function table(backends: readonly Backend[], hosts = ['web']): RouteTable {
  return { routes: [{ id: 'app/web', hosts, backends, holdMs: 0 }] };
}

test('any number of picks is spread evenly, whatever the table was before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), fc.nat(50), (before, after, picks) => {
      const router = new Router();
      const names = (n: number) => Array.from({ length: n }, (_, i) => backend(`i${i}`));
      router.apply(table(names(before)));
      for (let i = 0; i < picks; i++) router.find('web')?.pick();
      router.apply(table(names(after)));
      const counts = new Map<string, number>();
      for (let i = 0; i < after * 3; i++) {
        const instance = router.find('web')?.pick()?.instance ?? '';
        counts.set(instance, (counts.get(instance) ?? 0) + 1);
      }
      expect([...counts.values()]).toEqual(Array.from({ length: after }, () => 3));
    }),
  );
});

test('a draining backend is never picked; one already tried neither', () => {
  const router = new Router();
  router.apply(table([backend('a', 'draining'), backend('b'), backend('c')]));
  const route = router.find('web');
  const first = route?.pick();
  const second = route?.pick(new Set(first ? [first] : []));
  expect([first?.instance, second?.instance].toSorted()).toEqual(['b', 'c']);
  expect(route?.pick(new Set(route.active))).toBeUndefined();
});

test('a host leads to its route only, in any table', () => {
  const host = fc.stringMatching(/^[a-z]{1,3}$/);
  const hosts = fc.uniqueArray(host, { maxLength: 12 });
  fc.assert(
    fc.property(hosts, fc.integer({ min: 1, max: 4 }), host, (hosts, routes, asked) => {
      const router = new Router();
      router.apply({
        routes: Array.from({ length: routes }, (_, r) => ({
          id: `app/${r}`,
          hosts: hosts.filter((_, i) => i % routes === r),
          backends: [],
          holdMs: 0,
        })),
      });
      const index = hosts.indexOf(asked);
      expect(router.find(asked)?.id).toBe(index === -1 ? undefined : `app/${index % routes}`);
    }),
  );
});

test('a backend that left the table is told of while something is under way, and keeps its count when it returns', () => {
  const router = new Router();
  router.apply(table([backend('a')]));
  const a = router.find('web')?.pick();
  a?.enter();
  router.apply(table([backend('b')]));
  expect(router.traffic()).toEqual([
    { instance: 'b', inFlight: 0 },
    { instance: 'a', inFlight: 1 },
  ]);
  router.apply(table([backend('a', 'draining')]));
  expect(router.traffic()).toEqual([{ instance: 'a', inFlight: 1 }]);
  a?.leave();
  router.apply(table([]));
  expect(router.traffic()).toEqual([]);
});
