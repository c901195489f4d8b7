import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { waitUntil } from '../../src/core/retry.ts';

/** A server of somebody else's: resolves when it takes connections on `port`; ended with the scope. */
export async function startListening(
  [program = '', ...args]: readonly string[],
  { port, cwd, env }: { readonly port: number; readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<AsyncDisposable> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  await waitUntil(async () => hasEnded() || (await takesConnections(port)), { timeoutMs: 60_000, what: program });
  if (hasEnded()) throw new Error(`${program} ended before it was ready: ${errors}`);
  return {
    async [Symbol.asyncDispose]() {
      if (!hasEnded()) child.kill();
      await exited;
    },
  };
}

function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
