import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Backend } from './edge-admin.ts';

/** How long an unused connection to a backend stays open. A shorter time that the backend announces is kept. */
const IDLE_MS = 30_000;
const MAX_IDLE = 256;

/** Keeps connections for reuse as long as `open`; else closes each when its request is done. */
class PoolAgent extends Agent {
  open: boolean;

  constructor({ open }: { readonly open: boolean }) {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: IDLE_MS });
    this.open = open;
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
  readonly #pool = new PoolAgent({ open: true });
  readonly #fresh = new PoolAgent({ open: false });
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

  /**
   * Connections to send over: from the pool, or a new one for what cannot be sent again. We close the new one, not the
   * backend: `Connection: close` would have it reset an upload that it answers early, and the answer would be lost.
   */
  agent({ reuse }: { readonly reuse: boolean }): Agent {
    return reuse ? this.#pool : this.#fresh;
  }

  /** Whether new requests come here. When not, idle connections are closed, and the others once they are idle. */
  setOpen(open: boolean): void {
    this.#pool.open = open;
    if (!open) this.#pool.closeIdle();
  }
}
