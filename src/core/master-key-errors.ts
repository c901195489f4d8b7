import { HoldfastError } from './errors.ts';

const reason = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
const list = (ids: readonly string[]) => ids.join(' and ');

/** What is wrong with the file of the master key. Nothing was read or written with it. Codes are stable. */
export const masterKeyErrors = {
  missing: (path: string, wanted: readonly string[]) =>
    new HoldfastError({
      code: 'master-key.missing',
      kind: 'invalid',
      message: `there is no master key in ${path}, and this data directory is encrypted${wanted.length > 0 ? ` with key ${list(wanted)}` : ''}`,
      hint: 'put back your copy of it: nothing that is encrypted can be read without it. A new data directory gets a new key',
    }),
  other: (path: string, { found, wanted }: { found: readonly string[]; wanted: readonly string[] }) =>
    new HoldfastError({
      code: 'master-key.other',
      kind: 'invalid',
      message: `${path} has key ${list(found)}, and this data directory is encrypted with key ${list(wanted)}`,
      hint: 'put back the copy that belongs to this data directory, of the same time where it comes from a backup; nothing was changed',
    }),
  damaged: (path: string) =>
    new HoldfastError({
      code: 'master-key.damaged',
      kind: 'invalid',
      message: `${path} is damaged: a line of it is not a key, which is 32 bytes in base64`,
      hint: 'put back your copy of it; nothing was changed',
    }),
  /** Either of these two, where a process has the key that is to be in the file. */
  kept: (error: HoldfastError) =>
    new HoldfastError({
      ...error.toJSON(),
      hint: 'the platform has it in memory until it stops: `holdfast master-key restore` writes it back',
    }),
  notRestored: (path: string, cause: unknown) =>
    new HoldfastError({
      code: 'master-key.not-restored',
      kind: 'invalid',
      message: `cannot write the master key back to ${path}: ${reason(cause)}`,
      hint: 'let the platform write to its directory, or mount what belongs there, and try again before the platform stops: it has the key in memory until then',
      cause,
    }),
  notMade: (path: string, cause: unknown) =>
    new HoldfastError({
      code: 'master-key.not-made',
      kind: 'invalid',
      message: `cannot make a master key in ${path}: ${reason(cause)}`,
      hint: 'put a file with a key there (`openssl rand -base64 32`), or let the platform write to its directory',
      cause,
    }),
  unreadable: (path: string, cause: unknown) =>
    new HoldfastError({
      code: 'master-key.unreadable',
      kind: 'invalid',
      message: `cannot read the master key in ${path}: ${reason(cause)}`,
      hint: `give the file to the user that runs Holdfast, and to nobody else (chown, chmod 600)`,
      cause,
    }),
  recordDamaged: (path: string) =>
    new HoldfastError({
      code: 'master-key.record',
      kind: 'invalid',
      message: `${path}, which says which master key this data directory is encrypted with, is damaged or of a newer version`,
      hint: 'run the version of Holdfast that wrote it; if it is damaged, remove it: it is written anew once everything was opened with the key',
    }),
  readOnly: (path: string) =>
    new HoldfastError({
      code: 'master-key.read-only',
      kind: 'conflict',
      message: `${path} cannot be written by the platform, so a rotation cannot change it`,
      hint: 'change it yourself: put a line with a new key (`openssl rand -base64 32`) before the present one, rotate, then take the earlier line away',
    }),
};
