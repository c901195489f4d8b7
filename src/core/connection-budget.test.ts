import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConnectionBudget } from './connection-budget.ts';

const servers: Server[] = [];
const clients: Socket[] = [];

async function listening(budget: ConnectionBudget): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).write('taken'));
  budget.include(server);
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return server;
}

/** The client, where it was taken. */
async function client(server: Server): Promise<Socket | undefined> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  clients.push(socket);
  const ended = once(socket, 'close').then(() => undefined);
  return Promise.race([once(socket, 'data').then(() => socket), ended]);
}

let one: Server;
let other: Server;

beforeEach(async () => {
  const budget = new ConnectionBudget(3);
  one = await listening(budget);
  other = await listening(budget);
});

afterEach(async () => {
  for (const socket of clients.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

test('servers have so many connections together, whichever they come to', async () => {
  const taken = [await client(one), await client(other), await client(one)];
  expect(taken.every((socket) => socket)).toBe(true);
  expect(await client(one)).toBeUndefined();
  expect(await client(other)).toBeUndefined();
  taken[0]?.destroy();
  let again: Socket | undefined;
  while (!again) again = await client(other);
  expect(await client(one)).toBeUndefined();
});

test('without a limit all are taken', async () => {
  const server = await listening(new ConnectionBudget(undefined));
  for (let n = 0; n < 5; n++) expect(await client(server)).toBeDefined();
});
