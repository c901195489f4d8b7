import type { Usage } from './object-store.ts';
import type { VersionHead } from './version.ts';

export const NOTHING: Usage = { objects: 0, bytes: 0 };

export type Counted = Pick<VersionHead, 'size' | 'deleteMarker'>;

export function usageOf(version: Counted | undefined): Usage {
  return version && !version.deleteMarker ? { objects: 1, bytes: version.size } : NOTHING;
}

export function addUsage(a: Usage, b: Usage, sign: 1 | -1 = 1): Usage {
  return { objects: a.objects + sign * b.objects, bytes: a.bytes + sign * b.bytes };
}
