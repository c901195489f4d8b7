/** A wait that ends when it is over, aborted or woken. */
export interface Nap {
  readonly over: Promise<void>;
  readonly wake: () => void;
}

export function nap(ms: number, signal?: AbortSignal): Nap {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', wake);
    resolve();
  };
  const timer = setTimeout(wake, ms);
  signal?.addEventListener('abort', wake, { once: true });
  if (signal?.aborted) wake();
  return { over: promise, wake };
}
