import { type StdioOptions, spawn } from 'node:child_process';
import { isNodeError } from '../core/errors.ts';
import { buildAborted, commandFailed } from './errors.ts';

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the line $1 and ends its whole process group as soon as descriptor 3, a
 * pipe that the platform holds, is at its end: no build outlives the platform,
 * however that dies.
 */
const GUARD = `{ read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 &
exec 3<&-
/bin/sh -c "$1"`;

const LAST_LINES = 20;
const LAST_BYTES = 8 * 1024;

/**
 * A shell line of the app's author.
 * @throws HoldfastError `build.failed` with its last lines, `build.aborted`
 */
export async function runLine(line: string, { cwd, env, onOutput, signal }: RunOptions): Promise<void> {
  if (signal?.aborted) throw buildAborted();
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', 'pipe'];
  const child = spawn('/bin/sh', ['-c', GUARD, 'holdfast-build', line], { cwd, env, detached: true, stdio });
  const hold = child.stdio[3];
  hold?.on('error', () => {}); // the guard was killed: as it should be
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-LAST_BYTES);
      onOutput(text);
    });
  }
  const killGroup = () => endGroup(child.pid);
  child.once('exit', killGroup); // the guard, and what the line left in the background
  signal?.addEventListener('abort', killGroup, { once: true });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<[number | null, string | null]>();
    child.once('error', reject).once('close', (code, name) => resolve([code, name]));
    const [code, name] = await promise;
    if (signal?.aborted) throw buildAborted();
    if (code === 0) return;
    const lastLines = tail.trim().split('\n').slice(-LAST_LINES).join('\n');
    throw commandFailed(line, name ? `was ended by ${name}` : `ended with exit code ${code}`, lastLines);
  } finally {
    signal?.removeEventListener('abort', killGroup);
    hold?.destroy();
  }
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!isNodeError(error, 'ESRCH')) throw error;
  }
}
