import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { PreparedCommand } from './instance-command.ts';
import { type LauncherFiles, launcherArgv } from './launcher.ts';

/** Spawns the launcher in a session of its own: it outlives us. @returns its pid */
export async function spawnLauncher(
  command: PreparedCommand,
  { files, logPath }: { readonly files: LauncherFiles; readonly logPath: string },
): Promise<number> {
  const log = openSync(logPath, 'a', 0o600);
  try {
    const [program = '', ...args] = launcherArgv(files, command.argv);
    const descriptors = command.descriptor === undefined ? [] : [command.descriptor];
    const { cwd, env } = command;
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log, log, ...descriptors] });
    await once(child, 'spawn'); // rejects on 'error'
    child.unref();
    return child.pid as number;
  } finally {
    closeSync(log);
    if (command.descriptor !== undefined) closeSync(command.descriptor);
  }
}
