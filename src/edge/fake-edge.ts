import type { EdgeAdmin, RouteTable } from './edge-admin.ts';

export interface FakeEdge extends EdgeAdmin {
  /** Every table given, oldest first. */
  readonly tables: readonly RouteTable[];
  /** Scripts what `traffic` says of an instance; 0 until then. */
  setInFlight(instance: string, inFlight: number): void;
}

/** An edge in memory, for simulations: it routes nothing and remembers everything. */
export function createFakeEdge(): FakeEdge {
  const tables: RouteTable[] = [];
  const inFlight = new Map<string, number>();
  return {
    tables,
    setInFlight: (instance, count) => inFlight.set(instance, count),
    setRoutes: async (table) => {
      tables.push(structuredClone(table));
    },
    getRoutes: async () => tables.at(-1) ?? null,
    traffic: async () => {
      const listed = (tables.at(-1)?.routes ?? []).flatMap(({ backends }) => backends.map(({ instance }) => instance));
      const busy = [...inFlight].filter(([, count]) => count > 0).map(([instance]) => instance);
      return [...new Set([...listed, ...busy])].map((instance) => ({
        instance,
        inFlight: inFlight.get(instance) ?? 0,
      }));
    },
  };
}
