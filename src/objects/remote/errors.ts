import { HoldfastError } from '../../core/errors.ts';

/** The process that has the store open is not there, or went away before it answered. */
export const storeUnreachable = (cause?: unknown) =>
  new HoldfastError({
    code: 'store.unreachable',
    kind: 'unavailable',
    message: 'the object store does not answer',
    hint: 'it is started again by itself; try again in a moment',
    cause,
  });

/** It takes nothing from this process, or has more to answer than it can. */
export const storeBusy = () =>
  new HoldfastError({
    code: 'store.busy',
    kind: 'unavailable',
    message: 'too much waits for the object store already',
    hint: 'try again in a moment, with less at a time',
  });
