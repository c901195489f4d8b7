let end: Promise<void> | undefined;

/**
 * Resolves when everything that has arrived by now is dealt with, for all who wait in the same turn of the event loop.
 * What they then write leaves together: a process on the same machine that waits for it is woken up once and not for
 * each, which on a virtual machine costs more than to answer a small request.
 */
export function endOfTurn(): Promise<void> {
  end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined;
      resolve();
    });
  });
  return end;
}
