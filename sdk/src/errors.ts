export interface StorageErrorDetails {
  readonly code: string;
  readonly message: string;
  readonly status?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly requestId?: string | undefined;
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

/**
 * The only error class that this package throws, apart from the reason of an
 * aborted `signal`.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  /**
   * The S3 error code (`AccessDenied`, `NoSuchBucket`, `PreconditionFailed`, …) or one of ours:
   * `MissingConfiguration`, `InvalidArgument`, `InvalidResponse`, `NetworkError`, `Timeout`.
   */
  readonly code: string;
  /** HTTP status; absent when no answer came. */
  readonly status: number | undefined;
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** The server's id of the failed request, for its logs. */
  readonly requestId: string | undefined;
  /** What the server says of it, without the request that `message` begins with; absent when it says nothing. */
  readonly reason: string | undefined;

  constructor(details: StorageErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.retryable = details.retryable ?? false;
    this.requestId = details.requestId;
    this.reason = details.reason;
  }
}

export function missingConfiguration(variable: string, what: string): StorageError {
  return new StorageError({
    code: 'MissingConfiguration',
    message:
      `${what} is not known: the environment variable ${variable} is not set. ` +
      'Add the bucket to `connectTo` of this service in holdfast.yaml, set the variable, or pass the option to `new Storage(name, options)`.',
  });
}

export function invalidArgument(message: string): StorageError {
  return new StorageError({ code: 'InvalidArgument', message });
}

export function absent(key: string): StorageError {
  return new StorageError({ code: 'NoSuchKey', status: 404, message: `there is no object "${key}"` });
}

/** What answered with success is no S3: a proxy with a page of its own, or an answer that broke off. */
export function invalidResponse(what: string): StorageError {
  return new StorageError({ code: 'InvalidResponse', message: `no ${what} in the server's answer` });
}

export function networkError(cause: unknown, endpoint: string): StorageError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new StorageError({
    code: 'NetworkError',
    message: `the object store at ${endpoint} could not be reached: ${reason}`,
    retryable: true,
    cause,
  });
}

export function timeoutError(endpoint: string, timeoutMs: number): StorageError {
  return new StorageError({
    code: 'Timeout',
    message: `the object store at ${endpoint} sent nothing for ${timeoutMs} ms`,
    retryable: true,
  });
}
