import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { closeServer, listen, reachableHost } from '../../core/listen.ts';
import type { Api } from './api.ts';

export interface ApiServer {
  /** For clients on this machine. */
  readonly url: string;
  readonly port: number;
  /** Takes no new connections, lets requests under way end for at most `graceMs`, then cuts them. Idempotent. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** @throws HoldfastError `port.in-use` */
export async function startApiServer({
  api,
  host,
  port,
}: {
  readonly api: Api;
  readonly host: string;
  readonly port: number;
}): Promise<ApiServer> {
  const server = createAdaptorServer({
    fetch: api.fetch,
    serverOptions: { maxHeaderSize: 16 * 1024, headersTimeout: 20_000, requestTimeout: 30 * 60_000 },
  }) as Server;
  const address = await listen(server, { host, port, purpose: 'the API', variable: 'HOLDFAST_API_PORT' });
  let closing: Promise<void> | undefined;
  return {
    url: `http://${reachableHost(address.address)}:${address.port}`,
    port: address.port,
    close: ({ graceMs = 0 } = {}) => {
      closing ??= closeServer(server, graceMs);
      return closing;
    },
  };
}
