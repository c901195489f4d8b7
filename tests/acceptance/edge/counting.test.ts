import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { EdgeBed, HOST } from './edge-bed.ts';

/** What a backend does with a request, by its path. */
const behaviours = ['answer', 'slow', 'half', 'reset', 'ignore', 'early'] as const;
const heads = ['GET', 'POST chunked', 'POST length', 'POST expect', 'upgrade'] as const;

const visit = fc.record({
  behaviour: fc.constantFrom(...behaviours),
  head: fc.constantFrom(...heads),
  /** How much of the request is sent. */
  share: fc.constantFrom(0.3, 0.9, 1),
  leaveAfterMs: fc.nat(30),
  politely: fc.boolean(),
  pipelined: fc.boolean(),
});
type Visit = typeof visit extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ behaviour, head, share, pipelined }: Visit): string {
  const [method, kind] = head === 'upgrade' ? ['GET', 'upgrade'] : head.split(' ');
  const lines = {
    chunked: 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    length: `Content-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`,
    expect: 'Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
    upgrade: 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes',
  };
  const one = `${method} /${behaviour} HTTP/1.1\r\nHost: ${HOST}\r\n${lines[kind as keyof typeof lines] ?? '\r\n'}`;
  const all = pipelined ? one + one : one;
  return all.slice(0, Math.ceil(all.length * share));
}

test('whatever clients and backends do to each other, the count returns to zero and the edge serves on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { minLength: 1, maxLength: 12 }), async (visits) => {
      await using bed = await EdgeBed.start({ idleMs: 3_000 });
      const backends = await Promise.all(
        ['a', 'b'].map((name) =>
          bed.backend(name, (req, res) => {
            if (req.url === '/early') return void res.end('early');
            if (req.url === '/half') res.writeHead(200, { 'Content-Length': '9' }).write('half');
            req.resume();
            if (req.url === '/reset' || req.url === '/half') setTimeout(() => req.socket.resetAndDestroy(), 3);
            if (req.url === '/answer') res.end('answer');
            if (req.url === '/slow') setTimeout(() => res.end('x'.repeat(300_000)), 15);
          }),
        ),
      );
      for (const { server } of backends) {
        server.on('upgrade', (req, socket) => {
          socket.on('error', () => {}).resume();
          if (req.url === '/reset') return void socket.destroy();
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi');
          if (req.url === '/half') socket.end();
        });
      }
      const [a, b] = backends;
      if (!a || !b) throw new Error('two backends');
      await bed.route([a.active, b.active], 50);
      const flip = pause(5).then(() => bed.route([a.active, b.draining], 50));
      await Promise.all(
        visits.map(async (visit) => {
          const socket = bed.connect();
          socket.resume().write(bytesOf(visit));
          await pause(visit.leaveAfterMs);
          if (visit.politely) socket.end();
          else socket.resetAndDestroy();
        }),
      );
      await flip;
      await waitUntil(async () => Object.values(await bed.inFlight()).every((n) => n === 0), {
        timeoutMs: 60_000,
        what: `a count of zero: ${JSON.stringify(await bed.inFlight())}`,
      });
      await bed.route([a.active, b.active], 50);
      expect((await bed.fetch('/answer')).text).toBe('answer');
    }),
    { numRuns: 60 },
  );
});
