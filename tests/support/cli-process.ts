import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly input?: string | Uint8Array | undefined;
  /** What starts it: a command that runs another one. */
  readonly prefix?: readonly string[] | undefined;
}

export const CLI_PROGRAM = fileURLToPath(new URL('run-cli.ts', import.meta.url));

/** The CLI in a process of its own, under nobody's settings but `env`. */
export function startCli(args: readonly string[], { cwd, env, prefix = [] }: CliOptions = {}) {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const [command = '', ...words] = [...prefix, process.execPath, CLI_PROGRAM, ...args];
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(command, words, {
    cwd,
    env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ended = async (): Promise<CliRun> => {
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code, stdout, stderr };
  };
  return { child, result: ended() };
}

export function runCliProcess(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { child, result } = startCli(args, options);
  child.stdin.on('error', () => {}); // it may end without having read it
  child.stdin.end(options.input ?? '');
  return result;
}
