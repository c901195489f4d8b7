/**
 * The process above each instance. It makes the start exactly-once and the exit
 * code known to whoever looks later; it holds no data of its own.
 *
 * A start is a ticket, a file that the driver made before the spawn. The
 * launcher takes it by renaming it, and runs the command only when that
 * succeeded. A driver that finds a record without a pid deletes the ticket: if
 * it could, the launcher never ran and never will; if not, it has run, and is
 * found among the processes or has ended.
 *
 * `trap :` keeps the launcher through a signal to the whole group, until its
 * child has ended; unlike an ignored signal, a trap is not inherited by it
 * (POSIX, 2.12 Shell Execution Environment).
 */
const SCRIPT = `/bin/mv "$1" "$2" 2>/dev/null || exit 75
exit_file=$3
shift 3
trap : HUP INT TERM
"$@"
code=$?
echo "$code" >"$exit_file"
exit "$code"`;

export interface LauncherFiles {
  readonly ticket: string;
  readonly started: string;
  readonly exit: string;
}

export function launcherArgv(files: LauncherFiles, command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', SCRIPT, 'holdfast-instance', files.ticket, files.started, files.exit, ...command];
}

/** Whether this is the command line of the launcher with that ticket. */
export function isLauncher(commandLine: readonly string[], ticket: string): boolean {
  return commandLine.join(' ').includes(` holdfast-instance ${ticket} `);
}

/**
 * What the launcher wrote: `undefined` while it has not, `null` for death by a
 * signal, which a shell reports as 128 + its number (POSIX, 2.8.2).
 */
export function parseExitFile(text: string): number | null | undefined {
  const match = /^(\d+)\n$/.exec(text);
  if (!match) return undefined;
  const code = Number(match[1]);
  return code > 128 && code <= 128 + 64 ? null : code;
}
