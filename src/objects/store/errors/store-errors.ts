import { HoldfastError } from '../../../core/errors.ts';

/** What the store refuses as a whole. Codes are stable. */
export const storeErrors = {
  closed: () =>
    new HoldfastError({
      code: 'store.closed',
      kind: 'unavailable',
      message: 'the object store is closed',
      hint: 'open it again',
    }),
};
