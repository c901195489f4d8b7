/** For browsers: sends a file to a URL that `storage.uploadUrl()` made on the server. */

export interface BrowserUploadOptions {
  /** Must be the one that `uploadUrl` was given, where it was given one. Default: the file's own type. */
  readonly contentType?: string | undefined;
  readonly onProgress?: ((progress: { readonly loaded: number; readonly total: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class UploadError extends Error {
  override readonly name = 'UploadError';
  /** HTTP status; 0 when no answer came (network, or the bucket's CORS rules). */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Resolves when the object is stored. @throws UploadError; the signal's reason when aborted */
export function upload(
  url: string,
  data: Blob | ArrayBuffer | Uint8Array | string,
  { contentType, onProgress, signal }: BrowserUploadOptions = {},
): Promise<{ readonly etag: string | null }> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    // fetch cannot report the progress of an upload.
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const finish = (outcome: () => void) => {
      signal?.removeEventListener('abort', abort);
      outcome();
    };
    request.upload.onprogress = (event) => onProgress?.({ loaded: event.loaded, total: event.total });
    request.onload = () => {
      const { status } = request;
      if (status < 200 || status > 299) {
        return finish(() => reject(new UploadError(`the upload was refused with status ${status}`, status)));
      }
      const etag = request.getResponseHeader('etag')?.replace(/"/g, '') ?? null;
      finish(() => resolve({ etag }));
    };
    request.onerror = () => finish(() => reject(new UploadError('the upload did not reach the object store', 0)));
    request.onabort = () => finish(() => reject(signal?.reason));
    signal?.addEventListener('abort', abort);
    request.open('PUT', url);
    if (contentType !== undefined) request.setRequestHeader('content-type', contentType);
    request.send(data);
  });
}

/** What of XMLHttpRequest is used here; the DOM's types are not loaded for the rest of the package. */
interface Transfer {
  readonly status: number;
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
