import { EXIT_CODES } from './exit-codes.ts';

/** What `run` resolves to; `undefined`, and the exit code that says so, when Ctrl-C came first. */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    return await run(interrupted.signal);
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = EXIT_CODES.interrupted.code;
    return undefined;
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}
