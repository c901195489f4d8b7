import type { Usage } from './bucket.ts';

export const NOTHING: Usage = { objects: 0, bytes: 0 };

export interface Counted {
  readonly size: number;
  readonly deleteMarker: boolean;
}

export function usageOf(version: Counted | undefined): Usage {
  return version && !version.deleteMarker ? { objects: 1, bytes: version.size } : NOTHING;
}

export function addUsage(a: Usage, b: Usage, sign: 1 | -1 = 1): Usage {
  return { objects: a.objects + sign * b.objects, bytes: a.bytes + sign * b.bytes };
}
