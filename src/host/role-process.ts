import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.ts';
import { type ErrorDetails, HoldfastError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { backoff } from '../core/retry.ts';
import type { HostConfig } from './config.ts';

export type RoleName = 'control' | 'objects' | 'edge' | `gateway-${number}`;

/** What a role says to its supervisor over the IPC channel; the channel's end tells the role to stop. */
export type RoleMessage = { readonly type: 'ready' } | { readonly type: 'failed'; readonly error: ErrorDetails };

/** What a supervisor says to a role: to end as soon as that cuts nothing off. */
export type SupervisorMessage = { readonly type: 'retire' };

/** Carries the configuration to a role; it holds no secret. */
export const ROLE_CONFIG = 'HOLDFAST_ROLE_CONFIG';

/** A killed platform's roles end with it; so long may the last of their writes take. */
export const PREDECESSOR_MS = 15_000;

/** A role that ran for so long starts its back-off anew. */
const STABLE_MS = 60_000;
/** SIGTERM to SIGKILL. */
const STOP_MS = 10_000;

/** Of a role's process. */
interface End {
  readonly how: string;
  readonly hint?: string | undefined;
}

const mainModule = fileURLToPath(new URL('../main.ts', import.meta.url));

/** One role as a process of its own, started again whenever it dies. */
export class RoleProcess {
  readonly #options: { name: RoleName; config: HostConfig; clock: Clock; log: Logger };
  #child: ChildProcess | undefined;
  #stopping = false;
  #supervision: Promise<void> = Promise.resolve();

  constructor(options: { name: RoleName; config: HostConfig; clock: Clock; log: Logger }) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the role serves. @throws HoldfastError what the role failed with; it is not tried again */
  async start(): Promise<void> {
    const { ended } = await this.#launch();
    this.#supervision = this.#keepAlive(ended);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await closed;
      clearTimeout(timer);
    }
    await this.#supervision;
  }

  /** Resolves when the role has ended by itself, having cut nothing off; `stop` still ends it sooner. */
  async retire(): Promise<void> {
    this.#stopping = true;
    const message: SupervisorMessage = { type: 'retire' };
    if (this.#child?.connected) this.#child.send(message);
    await this.#supervision;
  }

  async #keepAlive(firstEnd: Promise<End>): Promise<void> {
    const { name, clock, log } = this.#options;
    let ended = firstEnd;
    for (let attempt = 1; ; attempt++) {
      const startedAt = clock.now();
      const end = await ended;
      if (this.#stopping) return;
      if (clock.now() - startedAt > STABLE_MS) attempt = 1;
      const delay = backoff(attempt, { initialMs: 100, maxMs: 10_000 });
      log.error({ role: name, ...end, restartInMs: delay }, 'a role died; starting it again');
      await clock.sleep(delay);
      if (this.#stopping) return;
      ended = this.#launch().then(
        (launched) => launched.ended,
        (error: unknown) => endBy(HoldfastError.from(error)),
      );
    }
  }

  /** Resolves when the role is ready; `ended` tells how it ended, once it has. */
  async #launch(): Promise<{ readonly ended: Promise<End> }> {
    const { name, config } = this.#options;
    const child = spawn(process.execPath, [...process.execArgv, mainModule, 'role', name], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, [ROLE_CONFIG]: JSON.stringify(config) },
    });
    this.#child = child;
    let failure: HoldfastError | undefined;
    const ended = new Promise<End>((resolve) => {
      child.once('error', (error) => resolve({ how: error.message }));
      child.once('close', (code, signal) => resolve(failure ? endBy(failure) : { how: signal ?? `exit code ${code}` }));
    });
    const ready = Promise.withResolvers<void>();
    child.on('message', (message: RoleMessage) => {
      if (message.type === 'ready') return ready.resolve();
      failure = new HoldfastError(message.error);
      ready.reject(failure);
    });
    const died = ended.then(({ how }) => {
      throw new HoldfastError({
        code: 'role.died',
        kind: 'internal',
        message: `the ${name} role ended while starting (${how})`,
        hint: 'its last log lines say why',
      });
    });
    died.catch(() => {}); // also ends this way long after the start, where nobody waits for it
    await Promise.race([ready.promise, died]);
    return { ended };
  }
}

function endBy({ message, hint }: HoldfastError): End {
  return { how: message, hint };
}
