import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadRouteTable, parseRouteTable, routeTableSaver } from './route-table.ts';

const backend = { instance: 'a', host: '127.0.0.1', port: 8080, state: 'active' };
const route = { id: 'app/web', hosts: ['Web'], backends: [backend], holdMs: 0 };

test('hosts become lower-case', () => {
  expect(parseRouteTable({ routes: [route] }).routes[0]?.hosts).toEqual(['web']);
});

test.for([
  ['no routes', {}],
  ['a port out of range', { routes: [{ ...route, backends: [{ ...backend, port: 70_000 }] }] }],
  ['an unknown state', { routes: [{ ...route, backends: [{ ...backend, state: 'new' }] }] }],
  ['a host in two routes', { routes: [route, { ...route, id: 'app/other' }] }],
  ['an instance twice', { routes: [{ ...route, backends: [backend, backend] }] }],
])('refused: %s', ([, value]) => {
  expect(() => parseRouteTable(value)).toThrow(expect.objectContaining({ code: 'edge.table-invalid' }));
});

test('the last table given is the one kept, however fast they come', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-table-'));
  const path = join(directory.path, 'routes.json');
  expect(await loadRouteTable(path)).toBeNull();
  const save = routeTableSaver(path);
  const tables = Array.from({ length: 10 }, (_, holdMs) => parseRouteTable({ routes: [{ ...route, holdMs }] }));
  await Promise.all(tables.map(save));
  expect(await loadRouteTable(path)).toEqual(tables.at(-1));
  await writeFile(path, '{"routes":');
  await expect(loadRouteTable(path)).rejects.toThrow(SyntaxError);
});
