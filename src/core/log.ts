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
    pino.destination({ dest: 2, sync: false }),
  );
}
