import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Between a client and a server: counts bytes, and stops a transfer in the middle. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: string;
  /** Bytes to the server since the last `count`. */
  readonly sent: number;
  /** Bytes from the server since the last `count`. */
  readonly received: number;
  /** Ends the connections there are; from now on counts from 0 and lets everything through. */
  count(): void;
  /** Lets no more than so many bytes through in a direction; resolves when they were. Ends with `count`. */
  holdAfter(limit: { readonly sent?: number; readonly received?: number }): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const totals = { sent: 0, received: 0 };
  let limits = { sent: Number.POSITIVE_INFINITY, received: Number.POSITIVE_INFINITY };
  let reached = Promise.withResolvers<void>();

  const forward = (from: Socket, to: Socket, direction: 'sent' | 'received') => {
    sockets.add(from);
    from.on('data', (bytes) => {
      totals[direction] += bytes.length;
      if (totals[direction] > limits[direction]) return reached.resolve(); // swallowed: nobody gets an answer
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on('error', () => {});
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    forward(client, upstream, 'sent');
    forward(upstream, client, 'received');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return totals.sent;
    },
    get received() {
      return totals.received;
    },
    count() {
      for (const socket of sockets) socket.destroy();
      Object.assign(totals, { sent: 0, received: 0 });
      limits = { sent: Number.POSITIVE_INFINITY, received: Number.POSITIVE_INFINITY };
    },
    holdAfter(limit) {
      limits = { ...limits, ...limit };
      reached = Promise.withResolvers<void>();
      return reached.promise;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
