/** Where a service's instances run: processes of this machine, containers of an engine. */

/** A host directory (a volume, a directory of a filesystem) that the instance sees at `mountPath`. */
export interface Mount {
  readonly name: string;
  readonly hostPath: string;
  /** Absolute path inside the instance, as the app file names it. */
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

export interface InstanceSpec {
  /** Unique for ever; a restarted service gets a new instance, never an old id. */
  readonly id: string;
  readonly app: string;
  readonly service: string;
  readonly release: string;
  /**
   * Directory with the built app. Each instance gets a copy, of which `node_modules` may be the original,
   * read-only: it stays until the instance is removed.
   */
  readonly rootDirectory: string;
  /** argv of the start command, resolved inside the copy. */
  readonly command: readonly string[];
  /** Everything that the app file, `connectTo` and the secrets give; the driver adds `PORT` and `HOST`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** False for workers: no port is reserved. */
  readonly listens: boolean;
  readonly limits: { readonly cpu: number; readonly memoryBytes: number };
}

/** `exited`: nothing of it is alive, its storage can be given to another. */
export type InstanceStatus = 'running' | 'exited';

export interface ObservedInstance {
  readonly id: string;
  readonly status: InstanceStatus;
  /** Where it listens; absent for workers and after exit. */
  readonly address?: { readonly host: string; readonly port: number } | undefined;
  /** After exit, where it is known: `null` when a signal ended it. */
  readonly exitCode?: number | null | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** How a running instance is asked whether it is well. A worker without a command is well while it runs. */
export type HealthProbe =
  | { readonly kind: 'http'; readonly path: string; readonly timeoutMs: number }
  | { readonly kind: 'tcp'; readonly timeoutMs: number }
  | { readonly kind: 'command'; readonly command: string; readonly timeoutMs: number }
  | { readonly kind: 'running'; readonly timeoutMs: number };

export interface HealthResult {
  readonly healthy: boolean;
  /** For a person: `GET /healthz answered 500`, `connection refused`. */
  readonly reason?: string;
}

export interface ServiceDriverCapabilities {
  /** Instances see only their own files and mounts. */
  readonly isolation: boolean;
  /** `mountPath` appears at its absolute path. */
  readonly absoluteMounts: boolean;
  /** CPU and memory limits are enforced. */
  readonly limits: boolean;
}

/**
 * Every call is idempotent by instance id and may be retried after any failure
 * or crash of the caller. Instances outlive the process that holds the driver:
 * a driver opened anew over the same directory lists and stops those that an
 * earlier one started, whatever moment that one died at.
 */
export interface ServiceDriver {
  readonly name: string;
  readonly capabilities: ServiceDriverCapabilities;
  /** For a person: what this driver cannot do on this machine and why; absent when there is nothing to say. */
  readonly notice?: string | undefined;

  /**
   * Starts the instance unless it has been started before. Resolves when the
   * process exists and `list` shows it, not when it is healthy.
   * @throws HoldfastError `instance.start` (bad command, no free port), `disk.full`: nothing is left behind.
   * A command that cannot be found may instead show as an instance that has exited, its log says why.
   */
  start(spec: InstanceSpec): Promise<void>;

  /**
   * SIGTERM, then SIGKILL after `graceMs`, for the instance and all that it
   * started. Resolves when none of them is alive. An unknown or ended id is no error.
   */
  stop(id: string, options: { readonly graceMs: number }): Promise<void>;

  /**
   * Deletes the ephemeral files of an instance that is not running; its log stays. Unknown ids are no error.
   * @throws HoldfastError `instance.running`
   */
  remove(id: string): Promise<void>;

  /** All instances started and not removed, also those whose process has ended. */
  list(): Promise<readonly ObservedInstance[]>;

  /** One probe, now. Never throws for an unwell instance. */
  probe(id: string, probe: HealthProbe): Promise<HealthResult>;

  /**
   * The instance's output (stdout and stderr as it came), oldest first: one item a line, without its line end.
   * With `follow` it goes on until aborted and then ends without an error. Also after `remove`; unknown ids are empty.
   */
  logs(id: string, options?: LogOptions): AsyncIterable<string>;

  /** Ends the driver's own timers; instances go on. */
  close?(): Promise<void>;
}

export interface LogOptions {
  /** Only the last so many lines. */
  readonly tail?: number | undefined;
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}
