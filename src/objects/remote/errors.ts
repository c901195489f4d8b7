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
