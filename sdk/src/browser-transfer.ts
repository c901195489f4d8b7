/** One request of a browser, with the progress of its body, which fetch does not tell. */

export class UploadError extends Error {
  override readonly name = 'UploadError';
  /** HTTP status; 0 when no answer came (network, or the bucket's CORS rules). */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export interface TransferRequest {
  readonly method: 'PUT' | 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly body?: Blob | ArrayBuffer | Uint8Array | string | undefined;
  readonly contentType?: string | undefined;
  readonly onSent?: ((bytes: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TransferAnswer {
  readonly etag: string | null;
  readonly text: string;
}

const PASSING = new Set([0, 408, 429, 500, 502, 503, 504]);

/** Sent again with back-off when that can help. @throws UploadError; the signal's reason when aborted */
export async function transfer(request: TransferRequest, retries: number): Promise<TransferAnswer> {
  for (let failures = 0; ; ) {
    try {
      return await attempt(request);
    } catch (error) {
      failures += 1;
      if (!(error instanceof UploadError) || !PASSING.has(error.status) || failures > retries) throw error;
    }
    await pause(Math.min(10_000, 100 * 2 ** failures) * (0.5 + Math.random() / 2), request.signal);
  }
}

function attempt({ method, url, body, contentType, onSent, signal }: TransferRequest): Promise<TransferAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const finish = (outcome: () => void) => {
      signal?.removeEventListener('abort', abort);
      outcome();
    };
    if (onSent) request.upload.onprogress = (event) => onSent(event.loaded, event.total);
    request.onload = () => finish(() => settle(request, resolve, reject));
    request.onerror = () => finish(() => reject(new UploadError('the upload did not reach the object store', 0)));
    request.onabort = () => finish(() => reject(signal?.reason));
    signal?.addEventListener('abort', abort);
    request.open(method, url);
    if (contentType !== undefined) request.setRequestHeader('content-type', contentType);
    request.send(body);
  });
}

function settle(
  request: Transfer,
  resolve: (answer: TransferAnswer) => void,
  reject: (error: UploadError) => void,
): void {
  const { status, responseText } = request;
  if (status < 200 || status > 299) reject(new UploadError(`the upload was refused with status ${status}`, status));
  else resolve({ etag: request.getResponseHeader('etag')?.replace(/^W\/|"/g, '') ?? null, text: responseText });
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** What of XMLHttpRequest is used here; the DOM's types are not loaded for the rest of the package. */
interface Transfer {
  readonly status: number;
  readonly responseText: string;
  readonly upload: { onprogress: ((event: { readonly loaded: number; readonly total: number }) => void) | null };
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: unknown): void;
  abort(): void;
}

declare const XMLHttpRequest: { new (): Transfer };
