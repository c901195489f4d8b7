/** What control tells the edge, and what the edge tells back. */

export interface Backend {
  readonly instance: string;
  readonly host: string;
  readonly port: number;
  /** A draining backend gets no new request; those under way end undisturbed. */
  readonly state: 'active' | 'draining';
}

export interface Route {
  /** `<app>/<service>`. */
  readonly id: string;
  /** Lower-case host names without port that lead here. */
  readonly hosts: readonly string[];
  readonly backends: readonly Backend[];
  /**
   * With no active backend: how long a request waits for one, ms from its
   * arrival, before 503. 0 answers at once.
   */
  readonly holdMs: number;
}

/** The whole of it; a table replaces the one before. */
export interface RouteTable {
  readonly routes: readonly Route[];
}

export interface BackendTraffic {
  readonly instance: string;
  /** Requests and upgraded connections under way. */
  readonly inFlight: number;
}

/** Served by the edge role over its socket (`core/rpc.ts`). */
export interface EdgeAdmin {
  /** Applies at once and keeps the table on disk, so that a restarted edge serves before control speaks to it. */
  setRoutes(table: RouteTable): Promise<void>;
  /** The table in force; `null` when there never was one. */
  getRoutes(): Promise<RouteTable | null>;
  /** Every backend that is in the table or still has requests under way. */
  traffic(): Promise<readonly BackendTraffic[]>;
}
