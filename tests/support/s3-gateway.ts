import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createLogger } from '../../src/core/log.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { createAuthenticator } from '../../src/objects/access/authenticate.ts';
import { createFormAuthenticator } from '../../src/objects/access/authenticate-form.ts';
import { type StoredKey, wholeBuckets } from '../../src/objects/access/key-file.ts';
import type { Grant } from '../../src/objects/access/key-scope.ts';
import { AccessLog } from '../../src/objects/access-log/access-log.ts';
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

/** `PUT /bucket/key` */
export type RequestLine = `${string} /${string}`;

export interface TestGateway<Store extends MemoryObjectStore = MemoryObjectStore> extends AsyncDisposable {
  readonly store: Store;
  readonly port: number;
  /** Delivers when it is closed. */
  readonly accessLog: AccessLog;
  call(line: RequestLine, call?: GatewayCall): Promise<GatewayAnswer>;
  /** The headers of a request with that body, signed. */
  signed(line: RequestLine, as: StoredKey, body?: string): Readonly<Record<string, string>>;
  /** Writes a request's head on a connection of its own. */
  open(line: RequestLine, headers: Readonly<Record<string, string>>): Promise<OpenRequest>;
}

/** A request whose body, and what follows it, the test writes itself. */
export interface OpenRequest {
  readonly socket: Socket;
  /** Resolves with all that came, when `what` is in it. */
  answered(what: string): Promise<string>;
}

/** Of whole buckets, by their names, or of what it is granted. */
export function testKey(owner: string, reach: readonly string[] | readonly Grant[] | '*'): StoredKey {
  const grants = reach === '*' ? reach : reach.flatMap((one) => (typeof one === 'string' ? wholeBuckets([one]) : one));
  return { accessKeyId: `KEY-${owner}`, secretAccessKey: `secret of ${owner}`, owner, grants, createdAt: 0 };
}

/** The S3 gateway over a store in memory, with keys that a test chooses. */
export function startTestGateway(...keys: readonly StoredKey[]): Promise<TestGateway> {
  return startTestGatewayOver(new MemoryObjectStore(), ...keys);
}

export async function startTestGatewayOver<Store extends MemoryObjectStore>(
  store: Store,
  ...keys: readonly StoredKey[]
): Promise<TestGateway<Store>> {
  const found = { find: (id: string) => keys.find(({ accessKeyId }) => accessKeyId === id) };
  const log = createLogger('objects', 'silent');
  const accessLog = new AccessLog({ store, log, region: 'local' });
  const server = createS3Gateway({
    store,
    accessLog,
    authenticate: createAuthenticator(found),
    authenticateForm: createFormAuthenticator(found),
    region: 'local',
    log,
    hosts: ['s3.localhost'],
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  const sockets: Socket[] = [];

  async function call(line: RequestLine, { as, query = {}, headers = {}, body = '' }: GatewayCall = {}) {
    const { method, path } = parts(line);
    const pairs = Object.entries(query);
    const plain = { host, ...headers };
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

  async function open(line: RequestLine, headers: Readonly<Record<string, string>>): Promise<OpenRequest> {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(requestHead(line, headers));
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    return {
      socket,
      answered: (what) => waitUntil(() => text.includes(what) && text, { timeoutMs: 60_000, what }),
    };
  }

  return {
    store,
    port,
    accessLog,
    call,
    signed: (line, as, body = '') => signRequest(as, { ...parts(line), headers: { host }, payload: sha256(body) }),
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      server.closeAllConnections();
      await accessLog.close();
    },
  };
}

/** A request's head as it is on the wire. */
export function requestHead(line: RequestLine, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function parts(line: RequestLine) {
  const [method = '', path = ''] = line.split(' ');
  return { method, path };
}
