import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '../../src/core/log.ts';
import { createAuthenticator } from '../../src/objects/access/authenticate.ts';
import { createFormAuthenticator } from '../../src/objects/access/authenticate-form.ts';
import { type StoredKey, wholeBuckets } from '../../src/objects/access/key-file.ts';
import type { Grant } from '../../src/objects/access/key-scope.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import { createS3Gateway } from '../../src/objects/s3/gateway.ts';
import { sha256, signRequest } from './s3-signer.ts';

export interface GatewayCall {
  /** Whose signature; nobody's unless said. */
  readonly as?: StoredKey;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** S3's error code. */
  readonly code: string | undefined;
}

export interface TestGateway extends AsyncDisposable {
  readonly store: MemoryObjectStore;
  readonly port: number;
  call(line: `${string} /${string}`, call?: GatewayCall): Promise<GatewayAnswer>;
}

/** Of whole buckets, by their names, or of what it is granted. */
export function testKey(owner: string, reach: readonly string[] | readonly Grant[] | '*'): StoredKey {
  const grants = reach === '*' ? reach : reach.flatMap((one) => (typeof one === 'string' ? wholeBuckets([one]) : one));
  return { accessKeyId: `KEY-${owner}`, secretAccessKey: `secret of ${owner}`, owner, grants, createdAt: 0 };
}

/** The S3 gateway over a store in memory, with keys that a test chooses. */
export async function startTestGateway(...keys: readonly StoredKey[]): Promise<TestGateway> {
  const store = new MemoryObjectStore();
  const found = { find: (id: string) => keys.find(({ accessKeyId }) => accessKeyId === id) };
  const server = createS3Gateway({
    store,
    authenticate: createAuthenticator(found),
    authenticateForm: createFormAuthenticator(found),
    region: 'local',
    log: createLogger('objects', 'silent'),
    hosts: ['s3.localhost'],
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function call(line: string, { as, query = {}, headers = {}, body = '' }: GatewayCall = {}) {
    const [method = '', path = ''] = line.split(' ');
    const pairs = Object.entries(query);
    const plain = { host: `127.0.0.1:${port}`, ...headers };
    const all = as ? signRequest(as, { method, path, query: pairs, headers: plain, payload: sha256(body) }) : plain;
    const search = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    const req = request({
      port,
      host: '127.0.0.1',
      method,
      path: `${path}${search && `?${search}`}`,
      headers: all,
      agent: false,
    });
    if (method === 'PUT' || method === 'POST') req.setHeader('content-length', Buffer.byteLength(body));
    req.end(body);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    const text = (await res.toArray()).join('');
    return { status: res.statusCode ?? 0, headers: res.headers, text, code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] };
  }

  return {
    store,
    port,
    call,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
