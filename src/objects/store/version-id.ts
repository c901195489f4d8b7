/** The id of the version that a bucket without versioning, or with suspended versioning, keeps of a key. */
export const NULL_VERSION = 'null';

const DIGITS = 11;

/** The stamp as text: opaque to clients, sorted like the versions, and never given twice. */
export function stampText(stamp: number): string {
  return stamp.toString(36).padStart(DIGITS, '0');
}

/** `undefined` where the text is none of ours. */
export function parseStamp(text: string): number | undefined {
  const stamp = /^[0-9a-z]{11}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN;
  return Number.isSafeInteger(stamp) ? stamp : undefined;
}

export function versionIdOf({ versioned, stamp }: { readonly versioned: boolean; readonly stamp: number }): string {
  return versioned ? stampText(stamp) : NULL_VERSION;
}
