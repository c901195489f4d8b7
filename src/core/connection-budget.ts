import type { Server, Socket } from 'node:net';

/** What the servers of a process may have of connections, all together: what comes above it is closed at once. */
export class ConnectionBudget {
  readonly #limit: number | undefined;
  readonly #open = new Map<Server, number>();
  #all = 0;

  /** `undefined`: any number. */
  constructor(limit: number | undefined) {
    this.#limit = limit;
  }

  /** Before it listens. */
  include(server: Server): void {
    this.#open.set(server, 0);
    server.on('connection', (socket: Socket) => {
      this.#count(server, 1);
      socket.once('close', () => this.#count(server, -1));
    });
    server.once('close', () => this.#open.delete(server));
    this.#share();
  }

  #count(server: Server, by: 1 | -1): void {
    this.#all += by;
    const open = this.#open.get(server);
    if (open !== undefined) this.#open.set(server, open + by);
    this.#share();
  }

  /** Each may have what it has and all that is left. */
  #share(): void {
    if (this.#limit === undefined) return;
    const left = Math.max(this.#limit - this.#all, 0);
    for (const [server, open] of this.#open) server.maxConnections = open + left;
  }
}
