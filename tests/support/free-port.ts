import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below those that the kernel gives to who asks for any (Linux: from 32768 on), and that the platform gives to
 * instances (from 20000 on): nobody gets one of them by chance before it is listened on, or while its server is away.
 */
const RANGE = { from: 11_000, to: 20_000 };

/** Ports that nobody listens on at this moment, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** So many in a row, below those of `freePorts`: for who is given a range, and two runs on one machine. */
export async function freePortRange(count: number): Promise<{ readonly from: number; readonly to: number }> {
  for (;;) {
    const from = randomInt(10_000, RANGE.from - count);
    const ports = Array.from({ length: count }, (_, i) => from + i);
    const free = await Promise.all(ports.map(isFree));
    if (!free.includes(false)) return { from, to: from + count - 1 };
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
