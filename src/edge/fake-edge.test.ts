import { expect, test } from 'vitest';
import { createFakeEdge } from './fake-edge.ts';

test('it remembers tables and tells the traffic it was told', async () => {
  const edge = createFakeEdge();
  expect(await edge.getRoutes()).toBeNull();
  const backends = [{ instance: 'a', host: '127.0.0.1', port: 1, state: 'active' as const }];
  const table = { routes: [{ id: 'app/web', hosts: ['web'], backends, holdMs: 0 }] };
  await edge.setRoutes(table);
  edge.setInFlight('gone', 2);
  expect(await edge.getRoutes()).toEqual(table);
  expect(await edge.traffic()).toEqual([
    { instance: 'a', inFlight: 0 },
    { instance: 'gone', inFlight: 2 },
  ]);
  edge.setInFlight('gone', 0);
  expect(await edge.traffic()).toEqual([{ instance: 'a', inFlight: 0 }]);
});
