import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** USER_HZ, in which Linux tells of times, whatever its own clock. */
const TICKS_PER_SECOND = 100;

/**
 * Seconds that the process has run in its main thread, where its event loop is (proc(5), `stat`, fields 14 and 15).
 * `undefined` where that is not known, or of a process that is gone.
 */
export async function mainThreadSeconds(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/task/${pid}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on: the name may hold anything
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Seconds that the cores of the machine had nothing to do, together. */
export function idleCoreSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0) / 1000;
}
