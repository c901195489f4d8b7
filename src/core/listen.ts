import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { ConnectionBudget } from './connection-budget.ts';
import { HoldfastError, isNodeError } from './errors.ts';
import { connectionLimit } from './open-files.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What it is for: `the S3 API`. */
  readonly purpose: string;
  /** The variable that chooses another port. */
  readonly variable: string;
  /** With other processes of this user that ask for the same: the kernel spreads the connections (SO_REUSEPORT, socket(7)). */
  readonly shared?: boolean | undefined;
}

/**
 * Resolves with the address once connections are taken. What comes above as many as open files allow, to all servers
 * of the process together, is closed at once: the last of those would be taken from what those that are there write.
 * @throws HoldfastError `port.in-use`, `port.forbidden`, `port.address`
 */
export async function listen(server: Server, options: ListenOptions): Promise<AddressInfo> {
  const { host, port, purpose, variable, shared = false } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  includeInBudget(server);
  server.once('error', reject);
  server.listen({ port, host, reusePort: shared }, resolve);
  try {
    await promise;
  } catch (error) {
    const place = `port ${port} on ${host}, meant for ${purpose},`;
    const details = { resource: `port ${port}`, cause: error };
    if (isNodeError(error, 'EADDRINUSE')) {
      throw new HoldfastError({
        code: 'port.in-use',
        kind: 'conflict',
        message: `${place} is in use by another program`,
        hint: `end that program, or choose another port with ${variable}`,
        ...details,
      });
    }
    if (isNodeError(error, 'EADDRNOTAVAIL') || isNodeError(error, 'ENOTFOUND')) {
      throw new HoldfastError({
        code: 'port.address',
        kind: 'invalid',
        message: `${host}, meant for ${purpose}, is no address of this machine`,
        hint: 'set HOLDFAST_LISTEN to one of its addresses, 0.0.0.0 or :: for all, or leave it out for 127.0.0.1',
        ...details,
      });
    }
    if (isNodeError(error, 'EACCES')) {
      throw new HoldfastError({
        code: 'port.forbidden',
        kind: 'forbidden',
        message: `${place} is not for this user to listen on`,
        hint: `choose a port above 1023 with ${variable}`,
        ...details,
      });
    }
    throw error;
  } finally {
    server.off('error', reject);
  }
  return server.address() as AddressInfo;
}

let budget: ConnectionBudget | undefined;

/** As `listen` does: also for what hands on the requests of strangers over a socket. */
export function includeInBudget(server: NetServer): void {
  budget ??= new ConnectionBudget(connectionLimit());
  budget.include(server);
}

/** On a Unix socket that only this user can open, in place of what a predecessor left there. */
export async function listenOnSocket(server: NetServer, path: string): Promise<void> {
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(path, resolve);
  });
  await chmod(path, 0o600);
}

/** Takes no more connections, ends idle ones at once, and the others when their request has ended or `graceMs` have. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(cut);
}

/**
 * Takes no more connections, and resolves when those that there are have ended. Unlike `http.Server`'s own `close`,
 * that of `net.Server` leaves the idle ones to their clients, one of which may just have sent its next request.
 */
export async function retireServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
}

/** The host of a URL that leads to what listens on `address`: of all interfaces, loopback. */
export function reachableHost(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return address.includes(':') ? `[${address}]` : address;
}
