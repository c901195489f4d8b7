import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Exchange, type ExchangeContext } from './exchange.ts';
import type { EdgeLimits } from './limits.ts';

/**
 * The listener that clients speak to. node:http parses strictly here: it
 * refuses both lengths at once, repeated lengths, bare line feeds and
 * obsolete folding (RFC 9112 sections 2.2, 5 and 6).
 */
export function createProxy(context: ExchangeContext): Server {
  const { limits } = context;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: 0, // an upload may take as long as it moves: idleMs
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersMs),
    optimizeEmptyRequests: true,
    insecureHTTPParser: false,
    shouldUpgradeCallback: mayUpgrade,
  });
  server.timeout = limits.idleMs;
  server.maxHeadersCount = 0; // bounded by headerBytes; node would silently drop fields above its count
  const serve = (req: IncomingMessage, res: ServerResponse) => {
    if (!req.readableEnded) discardRest(req, res, limits);
    void new Exchange(context, req, res).run();
  };
  server.on('connection', (socket) => socket.setMaxListeners(0)); // pipelined requests each listen for its end
  server.on('request', serve);
  server.on('checkContinue', serve); // the backend decides: its 100 is passed on
  server.on('upgrade', (req, socket, head) => serveUpgrade(context, req, { socket, head }));
  server.on('connect', (_req, socket) => refuseConnect(socket as Socket));
  return server;
}

/**
 * A request that is not let through as an upgrade goes on as a plain one. h2c
 * would carry requests past the edge unseen; a body would stand between the
 * head and the new protocol.
 */
function mayUpgrade({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) return false;
  return !/\bh2c?\b/i.test(headers.upgrade ?? '');
}

/** The edge is no way out to other hosts (RFC 9110 section 9.3.6). */
function refuseConnect(socket: Socket): void {
  socket.on('error', () => {}); // comes with 'close'
  socket.write('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  socket.destroySoon();
}

function serveUpgrade(
  context: ExchangeContext,
  req: IncomingMessage,
  { socket, head }: { readonly socket: Duplex; readonly head: Buffer },
): void {
  const client = socket as Socket;
  client.on('error', () => {}); // comes with 'close'
  if (head.length > 0) client.unshift(head);
  // Any answer but 101 is an ordinary one, the last on this connection.
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(client);
  res.once('finish', () => {
    res.detachSocket(client);
    client.destroySoon();
  });
  // Nobody reads from the client until there is a tunnel; this sees it leave all the same.
  client.on('readable', () => client.readableLength === 0 && client.read(0));
  client.once('end', () => res.socket && client.destroy());
  void new Exchange(context, req, res).run(req.headers.upgrade);
}

/** What is left of a body after its answer is read and thrown away, for a while: a reset would take the answer with it. */
function discardRest(req: IncomingMessage, res: ServerResponse, { lingerMs }: EdgeLimits): void {
  res.once('finish', () => {
    if (req.complete) return;
    const { socket } = req;
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    timer.unref();
    req.once('close', () => clearTimeout(timer));
  });
}
