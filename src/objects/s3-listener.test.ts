import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { createLogger } from '../core/log.ts';
import { MemoryObjectStore } from './memory-store/memory-object-store.ts';
import { listenS3 } from './s3-listener.ts';

function listenHere({ shared }: { readonly shared: boolean }) {
  return listenS3({
    host: '127.0.0.1',
    port: 0,
    shared,
    region: 'local',
    store: new MemoryObjectStore(),
    keys: { find: () => undefined },
    hasWebhook: () => false,
    log: createLogger('objects', 'silent'),
  });
}

test('one that retires answers on the connections that it has, takes no others, and ends when they have', async () => {
  const { port, retire } = await listenHere({ shared: true });
  const socket = connect(port, '127.0.0.1');
  const request = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const answer = async () => {
    socket.write(request);
    return String((await once(socket, 'data'))[0]);
  };
  expect(await answer()).toMatch(/^connection: keep-alive/im);
  const retired = retire();
  const other = connect(port, '127.0.0.1');
  expect((await once(other, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
  const left = once(socket, 'end');
  expect(await answer()).toMatch(/^connection: close/im);
  await left;
  await retired;
});

test('on a shared port a connection ends now and then, so that another process may get the next', async () => {
  const connections = async (shared: boolean) => {
    const { port, close } = await listenHere({ shared });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let n = 0; n < 501; n++) {
      const asked = get({ port, host: '127.0.0.1', agent });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      ports.add(answer.socket.localPort);
      await once(answer.resume(), 'end');
    }
    agent.destroy();
    await close();
    return ports.size;
  };
  expect(await connections(true)).toBe(2);
  expect(await connections(false)).toBe(1);
});
