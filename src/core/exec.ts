import { spawn } from 'node:child_process';
import { HoldfastError } from './errors.ts';

export interface ExecOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly input?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with each chunk of stdout and stderr as it comes. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest tail of output kept for the result and the error, bytes a stream. */
const TAIL = 256 * 1024;

/**
 * Runs `argv` (never through a shell) to its end.
 * @throws HoldfastError `exec.failed` with the last lines of stderr, `exec.not-found` when the program is absent
 */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const output = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      output[stream] = Buffer.concat([output[stream], chunk]).subarray(-TAIL);
      options.onOutput?.(chunk);
    });
  }
  child.stdin.on('error', () => {}); // EPIPE: the program did not want its input; its exit code says the rest
  child.stdin.end(options.input);
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  child.once('error', reject);
  child.once('close', (code, signal) => resolve({ code, signal }));
  const stderrTail = () => output.stderr.toString('utf8').trim().split('\n').slice(-5).join('\n');
  try {
    const { code, signal } = await promise;
    if (code === 0) return { stdout: output.stdout.toString('utf8'), stderr: output.stderr.toString('utf8') };
    throw new HoldfastError({
      code: 'exec.failed',
      kind: 'internal',
      message: `${program} ended with ${signal ?? `exit code ${code}`}: ${stderrTail() || '(no output)'}`,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new HoldfastError({
      code: 'exec.not-found',
      kind: 'unavailable',
      message: `the program "${program}" is not installed`,
      hint: `install ${program} and try again`,
      retryable: false,
      cause: error,
    });
  }
}
