import { parentPort, workerData } from 'node:worker_threads';
import { HttpConnection } from './http-connection.ts';
import { keyName, type LoadShare, type ShareResult } from './object-load.ts';
import { presign } from './s3-endpoint.ts';

/** One thread of `runObjectLoad`. */

/** More are signed while the load runs. */
const MAX_PRESIGNED = 10_000;
const KEYS_OF_A_PAGE = 1000;

const { target, load, first, threads } = workerData as LoadShare;
const { operation, sizeBytes, clients, keys, durationMs = Number.POSITIVE_INFINITY } = load;
const { host, hostname, port } = new URL(target.endpoint);
const body = operation === 'PUT' ? Buffer.alloc(sizeBytes, 'x') : undefined;
const sample = operation === 'LIST' && keys.count <= KEYS_OF_A_PAGE ? 1 : (keys.sample ?? keys.count);
const heads: Buffer[] = [];

/** The head of the `n`th request of the load. */
function head(n: number): Buffer {
  const at = n % sample;
  heads[at] ??= requestHead(Math.floor((at * keys.count) / sample));
  return heads[at];
}

function requestHead(n: number): Buffer {
  const method = operation === 'LIST' ? 'GET' : operation;
  const url = operation === 'LIST' ? presign(target, { method, query: pageFrom(n) }) : presignKey(method, n);
  const length = body ? `content-length: ${body.length}\r\n` : '';
  return Buffer.from(`${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${host}\r\n${length}\r\n`, 'latin1');
}

function presignKey(method: string, n: number): URL {
  return presign(target, { method, key: keyName(keys, n) });
}

/** A full page, wherever in the bucket it begins. */
function pageFrom(n: number): Record<string, string> {
  const begin = Math.min(n, keys.count - KEYS_OF_A_PAGE) - 1;
  const page = { 'list-type': '2', 'max-keys': String(KEYS_OF_A_PAGE), prefix: keys.prefix };
  return begin < 0 ? page : { ...page, 'start-after': keyName(keys, begin) };
}

async function client(number: number, connection: HttpConnection, startedAt: number): Promise<number> {
  const last = durationMs === Number.POSITIVE_INFINITY ? sample : Number.POSITIVE_INFINITY;
  let operations = 0;
  for (let n = number; n < last && performance.now() - startedAt < durationMs; n += clients) {
    await connection.exchange(head(n), body, operation === 'HEAD');
    operations++;
  }
  return operations;
}

const mine = Array.from({ length: clients }, (_, number) => number).filter((number) => number % threads === first);
const connections = await Promise.all(mine.map(() => HttpConnection.open(hostname, Number(port))));
for (let n = 0; n < Math.min(sample, MAX_PRESIGNED); n++) head(n);
const startedAt = performance.now();
const done = await Promise.all(connections.map((connection, index) => client(mine[index] ?? 0, connection, startedAt)));
const result: ShareResult = {
  operations: done.reduce((sum, operations) => sum + operations, 0),
  seconds: (performance.now() - startedAt) / 1000,
};
for (const connection of connections) connection.close();
parentPort?.postMessage(result);
