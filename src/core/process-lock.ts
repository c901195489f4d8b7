import { DatabaseSync } from 'node:sqlite';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

/**
 * A lock that the kernel gives back when its holder dies, however it dies:
 * an exclusive SQLite transaction, that is, an fcntl(2) record lock.
 */
export interface ProcessLock {
  release(): void;
}

/** `undefined` when another process holds `path` for longer than `waitMs`. */
export async function acquireProcessLock(
  path: string,
  { waitMs = 0, clock = systemClock }: { readonly waitMs?: number; readonly clock?: Clock } = {},
): Promise<ProcessLock | undefined> {
  const deadline = clock.now() + waitMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock || clock.now() >= deadline) return lock;
    await clock.sleep(25);
  }
}

const held = new Set<ProcessLock>();

/** Who gets the lock after this process finds that nothing of it is left. */
export function holdUntilExit(lock: ProcessLock): void {
  held.add(lock); // one that is collected would be released
}

function tryLock(path: string): ProcessLock | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
}
