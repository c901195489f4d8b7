import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An edge in a process of its own, so that its memory is its own. */
export interface EdgeProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Highest resident memory so far, bytes. */
  peakMemory(): Promise<number>;
  /** Its end, without a chance to finish anything. */
  kill9(): Promise<void>;
}

/** With a website socket and a directory for its cache it serves websites too. */
export async function startEdgeProcess(tablePath: string, ...sites: readonly string[]): Promise<EdgeProcess> {
  const child = fork(fileURLToPath(new URL('./edge-child.ts', import.meta.url)), [tablePath, ...sites], {
    execArgv: [],
  });
  const { port } = await message<{ port: number }>(child);
  return {
    port,
    pid: child.pid ?? 0,
    peakMemory: async () => {
      child.send('memory');
      return (await message<{ peak: number }>(child)).peak;
    },
    kill9: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [value] = await once(child, 'message');
  return value as T;
}
