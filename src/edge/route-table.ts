import { z } from 'zod';
import { readJsonFile, writeFileDurable } from '../core/durable-files.ts';
import type { RouteTable } from './edge-admin.ts';
import { edgeErrors } from './errors.ts';

const backend = z.object({
  instance: z.string().min(1),
  host: z.string().min(1),
  port: z.int().min(1).max(65535),
  state: z.enum(['active', 'draining']),
});

const route = z.object({
  id: z.string().min(1),
  hosts: z.array(z.string().min(1).toLowerCase()),
  backends: z.array(backend),
  holdMs: z.number().min(0),
});

const schema = z.object({ routes: z.array(route) });

/**
 * The one gate for tables, from control and from disk. A host name leads to
 * one route; a route names an instance once.
 * @throws HoldfastError `edge.table-invalid`
 */
export function parseRouteTable(value: unknown): RouteTable {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw edgeErrors.tableInvalid(z.prettifyError(parsed.error), parsed.error);
  const owners = new Map<string, string>();
  for (const { id, hosts, backends } of parsed.data.routes) {
    for (const host of hosts) {
      const owner = owners.get(host);
      if (owner !== undefined) throw edgeErrors.tableInvalid(`${host} leads to both ${owner} and ${id}`);
      owners.set(host, id);
    }
    if (new Set(backends.map(({ instance }) => instance)).size < backends.length) {
      throw edgeErrors.tableInvalid(`${id} names an instance twice`);
    }
  }
  return parsed.data;
}

/** The table kept at `path`; `null` when there never was one. @throws what `parseRouteTable` does, or SyntaxError */
export async function loadRouteTable(path: string): Promise<RouteTable | null> {
  const value = await readJsonFile(path);
  return value === undefined ? null : parseRouteTable(value);
}

/** Keeps tables at `path`: written in the order given; a call ends when its table is durable. */
export function routeTableSaver(path: string): (table: RouteTable) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (table) => {
    const save = () => writeFileDurable(path, JSON.stringify(table));
    last = last.then(save, save);
    return last;
  };
}
