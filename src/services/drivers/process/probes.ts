import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { HealthResult } from '../../service-driver.ts';

/** One health check against an address or a command; none of them throws. */

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** 2xx and 3xx are healthy; redirects are not followed. The time is for the whole answer's head. */
export async function probeHttp(target: Target, path: string, timeoutMs: number): Promise<HealthResult> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { 'user-agent': 'holdfast-health-check', connection: 'close' };
  const req = request({ ...target, path, headers, agent: false, signal }, (response) => {
    resolve(response.statusCode ?? 0);
    req.destroy();
  });
  req.on('error', reject).end();
  try {
    const status = await promise;
    return status >= 200 && status < 400 ? { healthy: true } : unhealthy(`GET ${path} answered ${status}`);
  } catch (error) {
    return unhealthy(`GET ${path}: ${signal.aborted ? `no answer in ${timeoutMs} ms` : connectionReason(error)}`);
  }
}

export async function probeTcp(target: Target, timeoutMs: number): Promise<HealthResult> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const signal = AbortSignal.timeout(timeoutMs);
  const socket = connect({ ...target, signal }, () => resolve());
  socket.on('error', reject);
  try {
    await promise;
    return { healthy: true };
  } catch (error) {
    return unhealthy(signal.aborted ? `no connection in ${timeoutMs} ms` : connectionReason(error));
  } finally {
    socket.destroy();
  }
}

export interface ProbeCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Read by the command as descriptor 3. */
  readonly descriptor?: number | undefined;
}

/** Healthy when the command ends with 0 in time; its whole process group is killed when it does not. */
export async function probeCommand(command: ProbeCommand, timeoutMs: number): Promise<HealthResult> {
  const [program = '', ...args] = command.argv;
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const { cwd, env, descriptor } = command;
  const stdio = ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])] as const;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: [...stdio] });
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('utf8')).slice(-1000);
    });
  }
  child.once('error', reject).once('close', (code) => resolve(code));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, timeoutMs);
  try {
    const code = await promise;
    if (late) return unhealthy(`the command did not end in ${timeoutMs} ms`);
    if (code === 0) return { healthy: true };
    const lastLine = tail.trim().split('\n').pop();
    const ending = code === null ? 'was killed' : `ended with exit code ${code}`;
    return unhealthy(`the command ${ending}${lastLine ? `: ${lastLine}` : ''}`);
  } catch (error) {
    return unhealthy(`the command could not be run: ${error instanceof Error ? error.message : error}`);
  } finally {
    clearTimeout(timer);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ended by itself at the same moment
  }
}

export function unhealthy(reason: string): HealthResult {
  return { healthy: false, reason };
}

function connectionReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'connection refused' : code === 'ECONNRESET' ? 'connection reset' : message;
}
