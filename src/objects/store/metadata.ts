import { checkMetadata } from './names.ts';
import type { HeaderChanges, ObjectMetadata } from './object.ts';

/**
 * The metadata after a change.
 * @throws HoldfastError `object.metadata-size`
 */
export function withHeaders(metadata: ObjectMetadata, changes: HeaderChanges): ObjectMetadata {
  const entries = Object.entries({ ...metadata.headers, ...changes }).filter(([, value]) => value !== undefined);
  const changed = { ...metadata, headers: Object.fromEntries(entries) as Record<string, string> };
  checkMetadata(changed);
  return changed;
}
