import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Storage, type StorageOptions } from '../index.ts';

export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Script = (request: Seen, response: ServerResponse) => void | Promise<void>;

/** A server on loopback that answers as the test says, for the failures that a healthy server does not show. */
export async function scriptedServer(script: Script) {
  const seen: Seen[] = [];
  const ports: (number | undefined)[] = [];
  const server = createServer(async (incoming, response) => {
    const body = await incoming.toArray().catch(() => undefined); // a client may give up while it sends
    if (body === undefined) return;
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers, body: Buffer.concat(body) };
    seen.push(request);
    ports.push(incoming.socket.remotePort);
    await script(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    /** Of the client, for each request: connections. */
    ports,
    endpoint,
    storage: (options: StorageOptions = {}) =>
      new Storage('bucket', { endpoint, accessKeyId: 'id', secretAccessKey: 'secret', ...options }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>as the test says</Message></Error>`);
}
