/**
 * What kind of failure an error is. Gateways convert it once: the API to a
 * status, the CLI to an exit code. Engines know neither.
 */
export type ErrorKind =
  | 'invalid' // the caller asked for something that cannot be; asking again is no use
  | 'unauthenticated' // no credentials, or wrong ones
  | 'forbidden' // known caller, not allowed
  | 'not-found'
  | 'conflict' // the state of the resource forbids it now
  | 'exhausted' // disk, quota, memory, ports
  | 'unavailable' // a dependency does not answer; try again
  | 'not-implemented' // part of the design, not landed yet
  | 'internal';

export interface ErrorDetails {
  /** Stable, dotted: `volume.attached`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** One sentence: what is wrong, with the names involved. */
  readonly message: string;
  /** What to do about it: a command, a key, a value. */
  readonly hint?: string | undefined;
  /** What it is about: `volume data`, `service web`. */
  readonly resource?: string | undefined;
  /** True when the same call may succeed later without a change. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** The one error class. Each domain has a catalogue of factories that make it (`errors.ts` beside the code). */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly resource: string | undefined;
  readonly retryable: boolean;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.kind = details.kind;
    this.hint = details.hint;
    this.resource = details.resource;
    this.retryable = details.retryable ?? details.kind === 'unavailable';
  }

  /** The form that crosses process boundaries; `cause` stays behind. */
  toJSON(): ErrorDetails {
    const { code, kind, message, hint, resource, retryable } = this;
    return { code, kind, message, hint, resource, retryable };
  }

  static from(error: unknown): HoldfastError {
    if (error instanceof HoldfastError) return error;
    const known = isNodeError(error) ? SYSTEM_ERRORS[error.code ?? ''] : undefined;
    if (known && isNodeError(error)) return known(error, error.path);
    const message = error instanceof Error ? error.message : String(error);
    return new HoldfastError({ code: 'internal', kind: 'internal', message, cause: error });
  }
}

export function diskFull(cause: unknown, path?: string): HoldfastError {
  return new HoldfastError({
    code: 'disk.full',
    kind: 'exhausted',
    message: 'the disk is full',
    hint: 'free some space on the disk that holds the data directory, then try again; nothing was changed',
    resource: path,
    retryable: true,
    cause,
  });
}

function diskReadOnly(cause: unknown, path?: string): HoldfastError {
  return new HoldfastError({
    code: 'disk.read-only',
    kind: 'unavailable',
    message: 'the file system is read-only',
    hint: 'the system makes it so after errors of the disk: see its log, repair the file system, mount it again and restart',
    resource: path,
    cause,
  });
}

function diskFailed(cause: unknown, path?: string): HoldfastError {
  return new HoldfastError({
    code: 'disk.failed',
    kind: 'unavailable',
    message: 'the disk reports an error',
    hint: 'see the log of the system, and check the disk',
    resource: path,
    cause,
  });
}

function tooManyFiles(cause: unknown, path?: string): HoldfastError {
  return new HoldfastError({
    code: 'process.files',
    kind: 'exhausted',
    message: 'too many files and connections are open',
    hint: 'raise the limit of open files (ulimit -n, or LimitNOFILE= of the service), or send fewer requests at once',
    resource: path,
    retryable: true,
    cause,
  });
}

/** What the system says, and no caller could say better. */
const SYSTEM_ERRORS: Readonly<Record<string, (cause: unknown, path?: string) => HoldfastError>> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EROFS: diskReadOnly,
  EIO: diskFailed,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
};

export function isNodeError(error: unknown, code?: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && (code === undefined || error.code === code);
}

/** EIO, EBADMSG and EUCLEAN (errno(3)): the last two are what filesystems say that find their own checksums wrong. */
const DISK_ERRORS: ReadonlySet<unknown> = new Set([-5, -74, -117]);

/** The disk does not do what it was asked for. */
export function isDiskError(error: unknown): boolean {
  return isNodeError(error) && DISK_ERRORS.has(error.errno);
}

export function isHoldfastCode(error: unknown, code: string): boolean {
  return error instanceof HoldfastError && error.code === code;
}
