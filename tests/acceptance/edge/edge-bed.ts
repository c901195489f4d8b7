import { mkdtemp, rm } from 'node:fs/promises';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../src/core/log.ts';
import type { Backend, EdgeAdmin, Route } from '../../../src/edge/edge-admin.ts';
import { type EdgeRole, type EdgeRoleOptions, startEdgeRole } from '../../../src/edge/edge-role.ts';
import { roleClient, TEST_CODE } from '../../support/role-client.ts';

export const HOST = 'web-photos.localhost';

/** A real edge with its control client, and real backends, all gone when the test ends. */
export class EdgeBed implements AsyncDisposable {
  readonly admin: EdgeAdmin;
  readonly #options: EdgeRoleOptions;
  readonly #directory: string;
  #edge: EdgeRole;
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(directory: string, options: EdgeRoleOptions, edge: EdgeRole) {
    this.#directory = directory;
    this.#options = options;
    this.#edge = edge;
    this.admin = roleClient<EdgeAdmin>(options.adminSocket);
  }

  static async start(
    limits: EdgeRoleOptions['limits'] = {},
    more: Pick<EdgeRoleOptions, 'websiteSocket' | 'cache'> = {},
  ): Promise<EdgeBed> {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-edge-'));
    const options: EdgeRoleOptions = {
      port: 0,
      host: '127.0.0.1',
      adminSocket: join(directory, 'edge.sock'),
      code: TEST_CODE,
      tablePath: join(directory, 'routes.json'),
      log: createLogger('edge', 'silent'),
      limits: { closeMs: 200, ...limits },
      ...more,
    };
    return new EdgeBed(directory, options, await startEdgeRole(options));
  }

  get port(): number {
    return this.#edge.port;
  }

  get options(): EdgeRoleOptions {
    return this.#options;
  }

  /** Ends the edge and starts it again on the same port and files. */
  async restart(): Promise<void> {
    const port = this.port;
    await this.#edge.close();
    this.#edge = await startEdgeRole({ ...this.#options, port });
  }

  async backend(instance: string, listener: RequestListener): Promise<TestBackend> {
    const backend = await TestBackend.start(instance, listener);
    this.#closers.push(() => backend.kill());
    return backend;
  }

  /** Routes `HOST` to `backends`. */
  async route(backends: readonly Backend[], holdMs = 0): Promise<void> {
    const route: Route = { id: 'photos/web', hosts: [HOST], backends, holdMs };
    await this.admin.setRoutes({ routes: [route] });
  }

  async inFlight(): Promise<Record<string, number>> {
    return Object.fromEntries((await this.admin.traffic()).map(({ instance, inFlight }) => [instance, inFlight]));
  }

  fetch(path: string, options: FetchOptions = {}): Promise<Reply> {
    return fetchFrom(this.port, path, options);
  }

  /** Sends `bytes` on a connection of its own and gives all that comes back until the edge ends it, or within `ms`. */
  async raw(bytes: string, ms?: number): Promise<string> {
    const socket = this.connect();
    socket.write(bytes, 'latin1');
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      socket.destroy();
    }, ms ?? 60_000);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    await new Promise((resolve) => socket.once('close', resolve));
    clearTimeout(timer);
    if (isOver && ms === undefined) throw new Error(`the edge did not end the connection; it said ${text}`);
    return text;
  }

  connect(): Socket {
    const socket = connect(this.port, '127.0.0.1');
    socket.on('error', () => {});
    this.#closers.push(async () => {
      socket.destroy();
    });
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#closers.map((close) => close()));
    await this.#edge.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** An HTTP server that counts its connections and can be killed like a process. */
export class TestBackend {
  readonly server: Server;
  readonly active: Backend;
  readonly sockets = new Set<Socket>();
  connections = 0;

  private constructor(instance: string, server: Server) {
    this.server = server;
    const { port } = server.address() as AddressInfo;
    this.active = { instance, host: '127.0.0.1', port, state: 'active' };
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(instance: string, listener: RequestListener): Promise<TestBackend> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestBackend(instance, server);
  }

  get draining(): Backend {
    return { ...this.active, state: 'draining' };
  }

  /** Every connection is reset, the port is free at once. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
  }
}

export interface FetchOptions {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly text: string;
}

export async function fetchFrom(port: number, path: string, options: FetchOptions = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const req = request({
    host: '127.0.0.1',
    port,
    path,
    method: options.method ?? 'GET',
    agent: options.agent ?? false,
    headers: { Host: options.host ?? HOST, ...options.headers },
  });
  req.once('response', resolve).once('error', reject);
  req.end(options.body);
  const response = await promise;
  const text = await readText(response);
  return { status: response.statusCode ?? 0, headers: response.headers, trailers: response.trailers, text };
}

export async function readText(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** `clients` keep-alive clients that ask one after another until `stop`; everything that went wrong is remembered. */
export class SteadyLoad {
  readonly failures: string[] = [];
  served = 0;
  #running = true;
  readonly #done: Promise<unknown>;
  readonly #agent: Agent;

  constructor(port: number, { clients, options }: { clients: number; options?: (n: number) => FetchOptions }) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: clients });
    let n = 0;
    const client = async () => {
      while (this.#running) {
        try {
          const { status, text } = await fetchFrom(port, '/load', { agent: this.#agent, ...options?.(n++) });
          if (status === 200) this.served++;
          else this.failures.push(`${status} ${text}`);
        } catch (error) {
          this.failures.push(String(error));
        }
      }
    };
    this.#done = Promise.all(Array.from({ length: clients }, client));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#agent.destroy();
  }
}
