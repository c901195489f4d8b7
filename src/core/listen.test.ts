import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { closeServer, listen, reachableHost } from './listen.ts';

const address = { host: '127.0.0.1', port: 0, purpose: 'the test', variable: 'HOLDFAST_TEST_PORT' };

test('a port in use says what it was for and how to choose another', async () => {
  const first = createServer();
  const { port } = await listen(first, address);
  await expect(listen(createServer(), { ...address, port })).rejects.toMatchObject({
    code: 'port.in-use',
    message: expect.stringContaining(`port ${port} on 127.0.0.1, meant for the test,`),
    hint: expect.stringContaining('HOLDFAST_TEST_PORT'),
  });
  await closeServer(first, 0);
});

test('an address of another machine is told as that', async () => {
  await expect(listen(createServer(), { ...address, host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'port.address',
  });
});

test('closing cuts a request that does not end in its grace', async () => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  const server = createServer(() => resolve());
  const { port } = await listen(server, address);
  const answer = fetch(`http://127.0.0.1:${port}`);
  await arrived;
  await closeServer(server, 10);
  await expect(answer).rejects.toThrow();
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
  ['fd00::1', '[fd00::1]'],
])('what listens on %s is reached at %s', (address, host) => {
  expect(reachableHost(address)).toBe(host);
});
