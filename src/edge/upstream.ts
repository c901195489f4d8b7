import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Backend } from './edge-admin.ts';

/** How long an unused connection to a backend stays open. A shorter time that the backend announces is kept. */
const IDLE_MS = 30_000;
const MAX_IDLE = 256;

/** Keeps connections for reuse as long as `open`. */
class PoolAgent extends Agent {
  open = true;

  constructor() {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: IDLE_MS });
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // The declared type is void; node takes false as "destroy it" (http.Agent documentation).
    const keep = super.keepSocketAlive(socket) as unknown as boolean;
    return keep && this.open;
  }

  closeIdle(): void {
    for (const socket of Object.values(this.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
  }
}

/** One backend as the edge sees it: its connections, and what is under way on them. */
export class Upstream {
  readonly instance: string;
  readonly host: string;
  readonly port: number;
  readonly #pool = new PoolAgent();
  readonly #oneShot = new Agent({ keepAlive: false });
  #inFlight = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor({ instance, host, port }: Backend) {
    this.instance = instance;
    this.host = host;
    this.port = port;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A request, or a connection upgraded by one, begins; the caller ends it exactly once with `leave`. */
  enter(): void {
    this.#inFlight++;
  }

  leave(): void {
    this.#inFlight--;
  }

  /** Whether a failure may be logged: one a second, so that a dead backend under load does not fill the disk. */
  mayWarn(): boolean {
    const now = performance.now();
    if (now - this.#warnedAt < 1000) return false;
    this.#warnedAt = now;
    return true;
  }

  /** Connections to send over: from the pool, or one of its own for what cannot be sent again. */
  agent({ reuse }: { readonly reuse: boolean }): Agent {
    return reuse && this.#pool.open ? this.#pool : this.#oneShot;
  }

  /** Whether new requests come here. When not, idle connections are closed, and the others once they are idle. */
  setOpen(open: boolean): void {
    this.#pool.open = open;
    if (!open) this.#pool.closeIdle();
  }
}
