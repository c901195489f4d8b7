import { flushCompileCache } from 'node:module';
import { codeIdentity, isOutdated } from '../core/code-identity.ts';
import { HoldfastError } from '../core/errors.ts';
import { createLogger, type Logger } from '../core/log.ts';
import { acquireProcessLock, type ProcessLock } from '../core/process-lock.ts';
import type { HostConfig } from './config.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import {
  PREDECESSOR_MS,
  ROLE_CONFIG,
  type RoleMessage,
  type RoleName,
  type SupervisorMessage,
} from './role-process.ts';

export interface RoleContext {
  readonly config: HostConfig;
  readonly directory: DataDirectory;
  readonly log: Logger;
  /** That this process runs. */
  readonly code: Buffer;
  /**
   * A role that runs other code was turned away, or turned this one away. The older of the two ends, and its
   * supervisor starts it with the present code; for the newer one that would be no use.
   */
  onOtherCode(error: HoldfastError): Promise<void>;
}

export interface RunningRole {
  /** Resolves when the role can go on no more: its process ends, and the supervisor starts it again. */
  readonly failed?: Promise<HoldfastError>;
  close(): Promise<void>;
  /** Takes no new work, and resolves when what uses it has left of itself. */
  retire?(): Promise<void>;
}

/**
 * The life of a role's process: one of its kind a data directory, ready said to
 * the supervisor, ended by SIGTERM or by the supervisor's death.
 */
export async function runRole(name: RoleName, start: (context: RoleContext) => Promise<RunningRole>): Promise<void> {
  const tell = (message: RoleMessage) => process.send?.(message);
  const config = JSON.parse(process.env[ROLE_CONFIG] ?? '{}') as HostConfig;
  const log = createLogger(name, config.logLevel);
  let role: RunningRole | undefined;
  let lock: ProcessLock | undefined;
  const stop = async () => {
    await role?.close();
    lock?.release();
    process.exit();
  };
  process.once('SIGTERM', stop);
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole terminal group; the supervisor decides
  process.once('disconnect', stop);
  process.on('message', async ({ type }: SupervisorMessage) => {
    if (type !== 'retire') return;
    await role?.retire?.();
    await stop();
  });
  let hasFailed = false;
  const fail = (error: unknown) => {
    if (hasFailed) return;
    hasFailed = true;
    const failure = HoldfastError.from(error);
    if (failure.kind === 'internal') log.error(error, 'the role failed');
    tell({ type: 'failed', error: failure.toJSON() });
    process.exitCode = 1;
    if (process.connected) process.disconnect?.();
  };
  try {
    const code = await codeIdentity();
    const onOtherCode = async (error: HoldfastError) => {
      if (await isOutdated(code)) fail(error);
      else log.warn({ code: error.code, hint: error.hint }, error.message);
    };
    const directory = await openDataDirectory(config.dataDirectory);
    lock = await acquireProcessLock(directory.lock(name), { waitMs: PREDECESSOR_MS });
    if (!lock) throw new Error(`another ${name} role still holds ${directory.lock(name)}`);
    role = await start({ config, directory, log, code, onOtherCode });
    role.failed?.then(fail);
    tell({ type: 'ready' });
    flushCompileCache(); // a killed process would not have written it
  } catch (error) {
    fail(error);
  }
}
