import type { ErrorKind } from '../core/errors.ts';

/** What scripts may rely on; docs/cli.md shows this table. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'it failed: a deployment that was rolled back, an error inside the platform' },
  usage: { code: 2, meaning: 'the command line, the app file or a value is wrong; asking again is no use' },
  notFound: { code: 3, meaning: 'what was named does not exist' },
  denied: {
    code: 4,
    meaning: 'no token, a wrong one, or one that may not; a file that this user may not read or write',
  },
  conflict: { code: 5, meaning: 'the state of what was named forbids it now' },
  unavailable: { code: 6, meaning: 'the platform or a part of it does not answer; try again' },
  exhausted: { code: 7, meaning: 'a disk, a quota or a port range is full' },
  interrupted: { code: 130, meaning: 'Ctrl-C' },
} as const;

const BY_KIND: Readonly<Record<ErrorKind, keyof typeof EXIT_CODES>> = {
  invalid: 'usage',
  unauthenticated: 'denied',
  forbidden: 'denied',
  'not-found': 'notFound',
  conflict: 'conflict',
  exhausted: 'exhausted',
  unavailable: 'unavailable',
  'not-implemented': 'failed',
  internal: 'failed',
};

export function exitCodeOf(kind: ErrorKind): number {
  return EXIT_CODES[BY_KIND[kind]].code;
}
