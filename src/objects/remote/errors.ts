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

/** The two of them may mean different things by the same words. */
export const otherCode = () =>
  new HoldfastError({
    code: 'store.other-code',
    kind: 'conflict',
    message: 'the object store runs other code than this gateway',
    hint: 'the platform was updated while it ran: the gateway is started again with the present code; if the object store is the older one, restart the platform with `holdfast down` and `holdfast up --detach`: apps go on meanwhile',
  });
