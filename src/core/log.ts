import { writeSync } from 'node:fs';
import { type Logger, pino } from 'pino';

export type { Logger };

/** JSON lines on stderr. Secrets never reach a log call; the redaction is a second net, not the first. */
export function createLogger(role: string, level = 'info'): Logger {
  return pino(
    {
      base: { role },
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['*.secretAccessKey', '*.token', '*.secret', 'authorization', '*.authorization'],
    },
    standardError,
  );
}

const STDERR = 2;

/**
 * Where a line cannot be written (full disk, reader gone) it is lost and the role
 * goes on. Pino's own destination waits for ever there: sonic-boom tries a write that
 * failed with ENOSPC again and again, and blocks the thread.
 */
const standardError = {
  write(line: string): void {
    try {
      writeSync(STDERR, line);
    } catch {
      // nowhere left to say so
    }
  },
};
