import type { ServerResponse } from 'node:http';
import { endOfTurn } from '../../core/end-of-turn.ts';
import { giveBack } from '../../core/owned-bytes.ts';
import { asS3Writes } from './header-case.ts';
import type { S3Response } from './operation.ts';

const NO_BYTES = Buffer.alloc(0);

export interface WireResponse extends S3Response {
  /** The answer to HEAD: headers as they are, nothing after them. */
  readonly bodiless: boolean;
  /** Told the bytes of the body as they are handed over. */
  readonly onSent?: ((bytes: number) => void) | undefined;
  /** Done when the client has all of a short answer and before the connection may end. */
  readonly beforeEnd?: (() => Promise<void>) | undefined;
}

/**
 * Sends it and resolves when it is handed to the kernel or the client is gone.
 * Bytes are read as fast as the client takes them. A body that fails half-way cuts
 * the connection: with the length announced, the client sees that it is incomplete.
 */
export async function sendResponse(res: ServerResponse, response: WireResponse): Promise<void> {
  const { status, headers = {}, body, bodiless, beforeEnd, release, onSent } = response;
  await endOfTurn();
  try {
    if (res.headersSent || res.destroyed) return void res.destroy();
    if (typeof body === 'string' || body === undefined || body instanceof Uint8Array) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? NO_BYTES);
      const hasLength = 'content-length' in headers || status === 204 || status === 304;
      writeHead(res, status, hasLength ? headers : { ...headers, 'content-length': bytes.length });
      const hasBytes = !bodiless && status !== 304 && bytes.length > 0;
      if (hasBytes) onSent?.(bytes.length);
      if (beforeEnd) {
        if (hasBytes) res.write(bytes);
        else res.flushHeaders();
        await beforeEnd();
        res.end();
      } else res.end(hasBytes ? bytes : undefined);
      return;
    }
    writeHead(res, status, headers);
    await sendBody(res, body, onSent);
  } finally {
    release?.();
  }
}

/** A head that cannot be written leaves an answer that nothing can be made of: of one without a body, none has a body any more. */
function writeHead(res: ServerResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  try {
    res.writeHead(status, asS3Writes(headers));
  } catch (error) {
    res.destroy();
    throw error;
  }
}

async function sendBody(
  res: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  onSent: WireResponse['onSent'],
): Promise<void> {
  try {
    for await (const bytes of body) {
      if (res.destroyed) return;
      onSent?.(bytes.length);
      if (!res.write(bytes, () => giveBack(bytes))) await drained(res);
    }
    res.end();
  } catch (error) {
    res.destroy();
    throw error;
  }
}

function drained(res: ServerResponse): Promise<void> {
  if (res.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = () => {
    res.off('drain', settle).off('close', settle);
    resolve();
  };
  res.on('drain', settle).on('close', settle);
  return promise;
}
