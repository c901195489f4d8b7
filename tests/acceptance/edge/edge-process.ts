import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An edge in a process of its own, so that its memory is its own. */
export interface EdgeProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Highest resident memory so far, bytes. */
  peakMemory(): Promise<number>;
}

export async function startEdgeProcess(tablePath: string): Promise<EdgeProcess> {
  const child = fork(fileURLToPath(new URL('./edge-child.ts', import.meta.url)), [tablePath], { execArgv: [] });
  const { port } = await message<{ port: number }>(child);
  return {
    port,
    pid: child.pid ?? 0,
    peakMemory: async () => {
      child.send('memory');
      return (await message<{ peak: number }>(child)).peak;
    },
    [Symbol.asyncDispose]: async () => {
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
