import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectionLimit, limitOfReport } from './open-files.ts';

test.each([
  [20_000, 9872],
  [1024, 384],
  [100, 16],
])('of %i open files %i connections may be', (limit, connections) => {
  expect(connectionLimit(limit)).toBe(connections);
});

test.skipIf(process.platform !== 'linux')('the limit is known without /proc too', () => {
  expect(connectionLimit(limitOfReport())).toBe(connectionLimit());
});

const LIMIT = 400;

/** Opens a file for each request, as a store does. */
const server = `
  import { createServer } from 'node:http';
  import { open } from 'node:fs/promises';
  import { listen } from '${new URL('listen.ts', import.meta.url)}';
  const server = createServer(async (_req, res) => {
    try {
      await (await open('/dev/null')).close();
      res.end('written');
    } catch (error) {
      res.end(error.code);
    }
  });
  const options = { host: '127.0.0.1', port: 0, purpose: 'a test', variable: 'NONE' };
  console.log((await listen(server, options)).port);
`;

test.skipIf(process.platform !== 'linux')(
  'a flood of idle connections leaves files to those that were there',
  async () => {
    const run = `ulimit -n ${LIMIT}; exec "$0" --input-type=module -e "$1"`;
    const child = spawn('sh', ['-c', run, process.execPath, server], { stdio: ['ignore', 'pipe', 'inherit'] });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const flood: Socket[] = [];
    try {
      const [line] = await once(child.stdout, 'data');
      const port = Number(line);
      expect(await answer(port, agent)).toBe('written');
      for (let n = 0; n < LIMIT; n++) flood.push(connect(port, '127.0.0.1').on('error', () => {}));
      const settled = flood.map((socket) => Promise.race(['connect', 'close'].map((event) => once(socket, event))));
      const lastIsGone = once(flood.at(-1) as Socket, 'close');
      await Promise.allSettled([...settled, lastIsGone]);
      expect(await answer(port, agent)).toBe('written');
    } finally {
      for (const socket of flood) socket.destroy();
      agent.destroy();
      child.kill();
    }
  },
);

async function answer(port: number, agent: Agent): Promise<string> {
  const [response] = (await once(get({ port, host: '127.0.0.1', agent }), 'response')) as [IncomingMessage];
  return (await response.setEncoding('utf8').toArray()).join('');
}
