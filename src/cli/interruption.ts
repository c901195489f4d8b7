import { EXIT_CODES } from './exit-codes.ts';
import { note } from './session.ts';

interface Interruptible {
  /** What was moved is not moved again: worth to be said to who has stopped it. */
  readonly goesOn?: boolean;
}

/** What `run` resolves to; `undefined`, and the exit code that says so, when Ctrl-C came first. */
export async function untilInterrupted<T>(
  run: (signal: AbortSignal) => Promise<T>,
  { goesOn = false }: Interruptible = {},
): Promise<T | undefined> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    return await run(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    if (goesOn) note('interrupted; the same command goes on where it was');
    process.exitCode = EXIT_CODES.interrupted.code;
    return undefined;
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}
