import { expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { EdgeBed, type FetchOptions, readText, SteadyLoad, type TestBackend } from './edge-bed.ts';

/** A mix: what can be sent again, and what cannot. */
const mixed = (n: number): FetchOptions => (n % 3 === 0 ? { method: 'POST', body: 'x'.repeat(2000) } : {});

const drained = (bed: EdgeBed, instance: string) =>
  waitUntil(async () => ((await bed.inFlight())[instance] ?? 0) === 0, {
    timeoutMs: 60_000,
    what: `${instance} drained`,
  });

/** Answers after a moment, and remembers what it got after it was declared drained. */
async function instance(bed: EdgeBed, name: string): Promise<{ backend: TestBackend; served: () => number }> {
  let served = 0;
  const backend = await bed.backend(name, async (req, res) => {
    await readText(req);
    served++;
    setTimeout(() => res.end(name), 2);
  });
  return { backend, served: () => served };
}

test('drain: twenty replacements under load, start first, without a failed request', async () => {
  await using bed = await EdgeBed.start();
  let current = await instance(bed, 'i0');
  await bed.route([current.backend.active]);
  const load = new SteadyLoad(bed.port, { clients: 16, options: mixed });
  for (let i = 1; i <= 20; i++) {
    const next = await instance(bed, `i${i}`);
    await bed.route([next.backend.active, current.backend.draining]);
    await drained(bed, current.backend.active.instance);
    const servedWhenDrained = current.served();
    await waitUntil(() => current.backend.sockets.size === 0, { timeoutMs: 60_000, what: 'idle connections to close' });
    await current.backend.kill();
    await waitUntil(() => next.served() > 0, { timeoutMs: 60_000, what: 'traffic on the new instance' });
    expect(current.served()).toBe(servedWhenDrained);
    await bed.route([next.backend.active]);
    current = next;
  }
  await waitUntil(() => load.served > 200, { timeoutMs: 60_000, what: 'a load' });
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(await bed.inFlight()).toEqual({ i20: 0 });
});

test('hold: ten replacements in place, each with a gap, under load without a failed request', async () => {
  await using bed = await EdgeBed.start();
  let current = await instance(bed, 'i0');
  const holdMs = 10_000;
  await bed.route([current.backend.active], holdMs);
  const load = new SteadyLoad(bed.port, { clients: 16, options: mixed });
  for (let i = 1; i <= 10; i++) {
    await bed.route([current.backend.draining], holdMs);
    await drained(bed, current.backend.active.instance);
    const servedWhenDrained = current.served();
    await current.backend.kill();
    await bed.route([], holdMs);
    const next = await instance(bed, `i${i}`);
    expect(current.served()).toBe(servedWhenDrained);
    await bed.route([next.backend.active], holdMs);
    await waitUntil(() => next.served() > 20, { timeoutMs: 60_000, what: 'traffic on the new instance' });
    current = next;
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(await bed.inFlight()).toEqual({ i10: 0 });
});

test('an instance that crashes under load costs no repeatable request while another one lives', async () => {
  await using bed = await EdgeBed.start();
  const a = await instance(bed, 'a');
  const b = await instance(bed, 'b');
  await bed.route([a.backend.active, b.backend.active]);
  const load = new SteadyLoad(bed.port, { clients: 16 });
  await waitUntil(() => a.served() > 50, { timeoutMs: 60_000, what: 'traffic' });
  await a.backend.kill();
  const before = b.served();
  await waitUntil(() => b.served() > before + 200, { timeoutMs: 60_000, what: 'traffic' });
  await load.stop();
  expect(load.failures).toEqual([]);
});

test('a request to an instance that refuses connections is held until another one takes its place', async () => {
  await using bed = await EdgeBed.start();
  const a = await instance(bed, 'a');
  await a.backend.kill();
  await bed.route([a.backend.active], 5000);
  const reply = bed.fetch('/', { method: 'POST', body: 'kept' });
  const b = await bed.backend('b', async (req, res) => res.end(await readText(req)));
  await bed.route([b.active], 5000);
  expect(await reply).toMatchObject({ status: 200, text: 'kept' });
  await bed.route([a.backend.active], 0);
  expect((await bed.fetch('/')).status).toBe(502);
});

test('requests beyond the bound are refused at once; a client that leaves gives its place up', async () => {
  await using bed = await EdgeBed.start({ maxHeld: 2 });
  await bed.route([], 60_000);
  const clients = [bed.connect(), bed.connect()];
  for (const client of clients) client.write('GET / HTTP/1.1\r\nHost: web-photos.localhost\r\n\r\n');
  await waitUntil(async () => (await ask(bed, 50)) === 503, { timeoutMs: 60_000, what: 'a full room' });
  clients[0]?.destroy();
  await waitUntil(async () => (await ask(bed, 50)) === undefined, { timeoutMs: 60_000, what: 'a free place' });
});

/** Status of an answer within `ms`; `undefined` when the request is held. */
async function ask(bed: EdgeBed, ms: number): Promise<number | undefined> {
  const text = await bed.raw('GET / HTTP/1.1\r\nHost: web-photos.localhost\r\nConnection: close\r\n\r\n', ms);
  return text === '' ? undefined : Number(text.slice(9, 12));
}

test('a held upload is not read until there is an instance to take it', async () => {
  await using bed = await EdgeBed.start();
  await bed.route([], 20_000);
  const size = 32 * 1024 * 1024;
  const client = bed.connect();
  client.write(`PUT / HTTP/1.1\r\nHost: web-photos.localhost\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`);
  client.write(Buffer.alloc(size, 97));
  await waitUntil(() => client.writableLength > 0 && client.bytesWritten > 0, {
    timeoutMs: 60_000,
    what: 'a full pipe',
  });
  let answer = '';
  client.on('data', (chunk: Buffer) => {
    answer += chunk;
  });
  let received = 0;
  const backend = await bed.backend('a', async (req, res) => {
    for await (const chunk of req) received += (chunk as Buffer).length;
    res.end('taken');
  });
  expect(received).toBe(0);
  await bed.route([backend.active], 20_000);
  await waitUntil(() => answer.includes('taken'), { timeoutMs: 60_000, what: 'the answer' });
  expect(received).toBe(size);
});
