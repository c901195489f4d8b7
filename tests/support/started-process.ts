import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface StartedProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it said first on stdout. */
  readonly firstLine: string;
  /** All that it has said on stdout. */
  readonly lines: readonly string[];
  signal(signal: NodeJS.Signals): void;
  /** Ends it with `signal` and waits until it has said all. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** A process that says a line when it is ready; ended with the scope. */
export async function startProcess(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<StartedProcess> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  // Not 'exit': what it said last may still be in the pipe then.
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout });
  const said: string[] = [];
  lines.on('line', (line) => said.push(line));
  const ready = once(lines, 'line') as Promise<[string]>;
  const [first] = await Promise.race([ready, closed]);
  if (typeof first !== 'string') throw new Error(`${program} ended before it was ready: ${errors}`);

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return (await closed)[0];
  };
  return {
    pid: child.pid ?? 0,
    firstLine: first,
    lines: said,
    signal: (signal) => void child.kill(signal),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
    },
  };
}
