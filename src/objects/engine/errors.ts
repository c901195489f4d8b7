import { dirname, join } from 'node:path';
import { HoldfastError, isDiskError } from '../../core/errors.ts';
import { objectErrors } from '../store/errors/object-errors.ts';

/** In the store's directory: an operator wants to go on without what is lost. */
export const SALVAGE_CONSENT = 'salvage';
/** In the store's directory: what was found damaged, and what is known of it. */
export const DAMAGED = 'damaged';

/** What the engine itself can fail of. What it refuses as every store does is in `store/errors/`. Codes are stable. */
export const engineErrors = {
  inUse: (directory: string) =>
    new HoldfastError({
      code: 'store.in-use',
      kind: 'conflict',
      message: `another process has the object store in ${directory} open`,
      hint: 'stop the other process, or give this one a directory of its own',
      retryable: true,
    }),
  format: (directory: string, format: unknown) =>
    new HoldfastError({
      code: 'store.format',
      kind: 'invalid',
      message: `the object store in ${directory} has format ${String(format)}, which this version does not know`,
      hint: 'run the version of Holdfast that wrote it, or a newer one',
    }),
  masterKey: (how: string) =>
    new HoldfastError({
      code: 'store.master-key',
      kind: 'invalid',
      message: `the object store is encrypted, and the master key ${how}`,
      hint: 'put back the keys/master.key that belongs to this data directory; nothing in the store was changed',
    }),
  options: (message: string) =>
    new HoldfastError({
      code: 'store.options',
      kind: 'invalid',
      message,
      hint: 'use larger segments or a smaller inline limit',
    }),
  journalFailed: (cause: unknown) =>
    new HoldfastError({
      code: 'journal.failed',
      kind: 'unavailable',
      message: `a write to the journal failed, and nobody knows whether it happened: ${reasonOf(cause)}`,
      hint: 'check the disk and the system log; reads go on, and writes do when the disk takes them again',
      cause,
    }),
  journalCorrupt: ({ name, path }: DamagedSegment, offset: number) =>
    new HoldfastError({
      code: 'journal.corrupt',
      kind: 'internal',
      message: `journal segment ${name} is damaged at byte ${offset}, and valid records follow`,
      hint: `this is not a torn write but a damaged disk: restore from a backup, or ${goOn(path)}`,
    }),
  journalUnreadable: ({ name, path }: DamagedSegment, offset: number) =>
    new HoldfastError({
      code: 'journal.corrupt',
      kind: 'internal',
      message: `journal segment ${name} cannot be read at byte ${offset}, and what was there may have been acknowledged`,
      hint: `the disk reports an error: copy what it still gives to another disk (ddrescue tries again), restore from a backup, or ${goOn(path)}`,
    }),
  journalCut: (segment: string, offset: number) =>
    new HoldfastError({
      code: 'journal.corrupt',
      kind: 'internal',
      message: `journal segment ${segment} ends at byte ${offset}, and more had been written`,
      hint: 'a damaged disk, or a copy of a store that was running: restore from a backup; without its index/ the store opens with what is left',
    }),
  indexDamaged: (cause: unknown) =>
    new HoldfastError({
      code: 'store.index-damaged',
      kind: 'internal',
      message:
        'the index of the object store is damaged; the store is opened again with one that is built from the journal',
      hint: 'nothing is lost, but look at the disk and the memory of this machine',
      cause,
    }),
  directoryDamaged: (path: string, how: string, cause?: unknown) =>
    new HoldfastError({
      code: 'store.damaged',
      kind: 'internal',
      message: `${path} of the object store ${how}`,
      hint: 'nothing can be read without it, and nothing was changed: restore it from a backup',
      cause,
    }),
};

interface DamagedSegment {
  readonly name: string;
  readonly path: string;
}

/** What an operator does who has no backup. */
function goOn(segment: string): string {
  const store = dirname(dirname(segment));
  return `run \`touch ${join(store, SALVAGE_CONSENT)}\` and start again: what is whole is kept, and ${join(store, DAMAGED)} says what is lost`;
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** What a read failed of: bytes that the disk does not give back are damaged, as those that it gives back changed. */
export function readFailure(error: unknown, what: string): unknown {
  return isDiskError(error) ? objectErrors.damaged(what, 'cannot be read: the disk reports an error') : error;
}
