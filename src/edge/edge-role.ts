import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HoldfastError } from '../core/errors.ts';
import { otherCode } from '../core/handshake.ts';
import { listen } from '../core/listen.ts';
import type { Logger } from '../core/log.ts';
import { serveRpc } from '../core/rpc.ts';
import { EdgeCache } from './cache/edge-cache.ts';
import type { EdgeAdmin, RouteTable } from './edge-admin.ts';
import { defaultLimits, type EdgeLimits } from './limits.ts';
import { createProxy } from './proxy.ts';
import { loadRouteTable, parseRouteTable, routeTableSaver } from './route-table.ts';
import { Router } from './router.ts';
import { Sites } from './sites/sites.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface EdgeRoleOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Unix socket of the `EdgeAdmin` contract. */
  readonly adminSocket: string;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  /** Control runs other code, and is not heard. */
  readonly onOtherCode?: ((error: HoldfastError) => void) | undefined;
  /** File that keeps the route table. */
  readonly tablePath: string;
  /** Unix socket of the buckets' websites, which answer for hosts without a route. */
  readonly websiteSocket?: string | undefined;
  /** Keeps bodies of the websites; absent: none. */
  readonly cache?: { readonly directory: string; readonly maxBytes: number } | undefined;
  readonly log: Logger;
  readonly limits?: Partial<EdgeLimits> | undefined;
}

export interface EdgeRole {
  readonly port: number;
  /** Takes no more connections, lets requests under way end for a while, then ends the rest. */
  close(): Promise<void>;
}

/**
 * Serves the apps by host name, with the table of the last run until control gives a new one.
 * @throws HoldfastError `port.in-use`, `port.forbidden`
 */
export async function startEdgeRole(options: EdgeRoleOptions): Promise<EdgeRole> {
  const { log, tablePath } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const router = new Router();
  const room = new WaitingRoom(limits.maxHeld);
  const closing = new AbortController();
  const kept = await loadRouteTable(tablePath).catch((error: unknown) => {
    log.error({ err: error, tablePath }, 'the kept route table cannot be read; waiting for a new one from control');
    return null;
  });
  if (kept) router.apply(kept);

  const sites = openSites(options);
  const proxy = createProxy({ router, room, sites, limits, log, closing: closing.signal });
  const sockets = trackSockets(proxy);
  const { port } = await listen(proxy, { ...options, purpose: 'HTTP to the apps', variable: 'HOLDFAST_HTTP_PORT' });
  const save = routeTableSaver(tablePath);
  const admin: EdgeAdmin = {
    async setRoutes(value: RouteTable) {
      const table = parseRouteTable(value);
      router.apply(table);
      room.wakeAll();
      await save(table);
    },
    getRoutes: async () => router.table,
    traffic: async () => router.traffic(),
  };
  const rpc = await serveRpc<EdgeAdmin>({
    socketPath: options.adminSocket,
    methods: admin,
    code: options.code,
    onOther: () => options.onOtherCode?.(otherCode({ role: 'edge', peer: 'control' })),
  });
  log.info({ port, host: options.host, routes: kept?.routes.length ?? 0 }, 'the edge is up');

  const close = async () => {
    closing.abort();
    room.wakeAll();
    await Promise.all([rpc.close(), closeProxy(proxy, sockets, limits.closeMs)]);
    sites?.close();
  };
  let closed: Promise<void> | undefined;
  return {
    port,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function openSites({ websiteSocket: socketPath, cache, log }: EdgeRoleOptions): Sites | undefined {
  if (socketPath === undefined) return undefined;
  return new Sites({ socketPath, cache: cache && new EdgeCache({ ...cache, log }), log });
}

/** Every open connection, upgraded ones included: node forgets those. */
function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function closeProxy(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await new Promise((resolve) => server.close(resolve)); // closes idle connections too
  clearTimeout(timer);
}
