export interface EdgeLimits {
  /** Longest request head, bytes; above it 431. */
  readonly headerBytes: number;
  /** From the start of a connection or request to the end of its head, ms; above it 408. */
  readonly headersMs: number;
  /** Silence in both directions of a request under way, ms. Uploads and answers of any length that move are never cut. */
  readonly idleMs: number;
  /** A client's connection without a request, ms. */
  readonly keepAliveMs: number;
  /** Until a backend takes a connection, ms. */
  readonly connectMs: number;
  /** Between attempts while every active backend refuses connections, ms. */
  readonly refusedRetryMs: number;
  /** How long the rest of a body is read and thrown away after its answer, ms. */
  readonly lingerMs: number;
  /** Requests that wait for a backend. */
  readonly maxHeld: number;
  /** For requests under way when the edge closes, ms. */
  readonly closeMs: number;
}

export const defaultLimits: EdgeLimits = {
  headerBytes: 32 * 1024,
  headersMs: 15_000,
  idleMs: 10 * 60_000,
  keepAliveMs: 60_000,
  connectMs: 5_000,
  refusedRetryMs: 100,
  lingerMs: 30_000,
  maxHeld: 10_000,
  closeMs: 5_000,
};
