import { Agent, request } from 'node:http';
import { Storage } from '../../sdk/src/index.ts';
import type { S3Endpoint } from './s3-endpoint.ts';

export interface ObjectLoad {
  readonly operation: 'PUT' | 'GET';
  readonly sizeBytes: number;
  readonly clients: number;
  readonly durationMs: number;
}

/** Keys that PUTs write and GETs read, in turn. */
const KEYS = 256;

/** Operations a second. Requests are presigned beforehand, so that the client's own signing is not measured. */
export async function runObjectLoad(target: S3Endpoint, load: ObjectLoad): Promise<number> {
  const storage = new Storage(target.bucket, {
    endpoint: target.endpoint,
    accessKeyId: target.accessKeyId,
    secretAccessKey: target.secretAccessKey,
    region: 'us-east-1',
  });
  const keys = Array.from({ length: KEYS }, (_, n) => `bench/${load.sizeBytes}/${n}`);
  const urls = keys.map((key) => (load.operation === 'PUT' ? storage.uploadUrl(key) : storage.url(key)));
  const body = Buffer.alloc(load.sizeBytes, 'x');
  const agent = new Agent({ keepAlive: true, maxSockets: load.clients });
  let operations = 0;
  const startedAt = performance.now();
  const client = async (first: number) => {
    for (let n = first; performance.now() - startedAt < load.durationMs; n += load.clients) {
      await once(urls[n % KEYS] ?? '', { agent, method: load.operation, body });
      operations++;
    }
  };
  await Promise.all(Array.from({ length: load.clients }, (_, first) => client(first)));
  agent.destroy();
  return (operations / (performance.now() - startedAt)) * 1000;
}

/** Every key of a size once, so that GETs find it. */
export async function fillBucket(target: S3Endpoint, sizeBytes: number): Promise<void> {
  const storage = new Storage(target.bucket, {
    endpoint: target.endpoint,
    accessKeyId: target.accessKeyId,
    secretAccessKey: target.secretAccessKey,
    region: 'us-east-1',
  });
  const agent = new Agent({ keepAlive: true });
  const body = Buffer.alloc(sizeBytes, 'x');
  for (let n = 0; n < KEYS; n++) {
    await once(storage.uploadUrl(`bench/${sizeBytes}/${n}`), { agent, method: 'PUT', body });
  }
  agent.destroy();
}

function once(
  url: string,
  { agent, method, body }: { agent: Agent; method: 'PUT' | 'GET'; body: Buffer },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = method === 'PUT' ? { 'content-length': body.length } : {};
    const req = request(url, { agent, method, headers }, (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${method} answered ${response.statusCode}`)),
      );
    });
    req.once('error', reject);
    req.end(method === 'PUT' ? body : undefined);
  });
}
