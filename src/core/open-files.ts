import { readFileSync } from 'node:fs';

/** For what a process opens besides connections and the files of their requests: journal, index, locks, other roles. */
const RESERVE = 256;
const LEAST_CONNECTIONS = 16;

/**
 * How many connections leave room for a file that each of them works on, and for the rest of the process; `undefined`
 * where the limit is not known. Node has raised the soft limit to the hard one when it started.
 */
export function connectionLimit(limit = openFilesLimit()): number | undefined {
  return limit && Math.max(LEAST_CONNECTIONS, Math.floor((limit - RESERVE) / 2));
}

/** RLIMIT_NOFILE of this process; `undefined` where it has none. */
function openFilesLimit(): number | undefined {
  try {
    return limitOfProc();
  } catch {
    return limitOfReport();
  }
}

/** proc_pid_limits(5) */
function limitOfProc(): number | undefined {
  const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return found ? Number(found[1]) : undefined;
}

/** Where there is no /proc. It takes some milliseconds. */
export function limitOfReport(): number | undefined {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isInteger(soft) ? soft : undefined;
}
