import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { isNodeError } from '../../core/errors.ts';
import type { Api } from './api.ts';
import { apiErrors } from './errors.ts';

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
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${reachable(address.address)}:${address.port}`,
    port: address.port,
    close: ({ graceMs = 0 } = {}) => {
      closing ??= close(server, graceMs);
      return closing;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    throw isNodeError(error, 'EADDRINUSE') ? apiErrors.portInUse(host, port, error) : error;
  } finally {
    server.removeListener('error', reject);
  }
}

async function close(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await promise;
  clearTimeout(cut);
}

/** An address to connect to: of all interfaces, loopback. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return address.includes(':') ? `[${address}]` : address;
}
