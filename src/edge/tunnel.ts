import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { responseHeaders } from './forwarded-headers.ts';

/** Finds out that a peer is gone without a word; RFC 1122 section 4.2.3.6. */
const KEEP_ALIVE_MS = 30_000;

export interface TunnelEnds {
  /** Of the request to upgrade; its socket becomes the client's end. */
  readonly res: ServerResponse;
  /** The backend's 101. */
  readonly answer: IncomingMessage;
  readonly backend: Socket;
  /** What the backend sent after its 101. */
  readonly head: Buffer;
}

/**
 * Passes the 101 on and joins both sides until either ends; then the other gets
 * what is still under way to it, and is closed. Half-open is not kept: a backend
 * that overlooks the end of its client would hold a drain up forever.
 */
export function joinTunnel({ res, answer, backend, head }: TunnelEnds): void {
  const client = res.socket;
  if (!client || client.destroyed) {
    backend.destroy();
    return;
  }
  res.detachSocket(client);
  client.removeAllListeners('readable');
  client.write(switchingProtocols(answer), 'latin1');
  if (head.length > 0) backend.unshift(head);
  for (const [from, to] of [
    [client, backend],
    [backend, client],
  ] as const) {
    from.setTimeout(0);
    from.setNoDelay(true);
    from.setKeepAlive(true, KEEP_ALIVE_MS);
    from.on('error', () => {}); // comes with 'close'
    from.once('end', () => to.destroySoon());
    from.once('close', () => to.destroy());
    from.pipe(to);
  }
}

function switchingProtocols(answer: IncomingMessage): string {
  const headers = responseHeaders(answer.rawHeaders);
  const lines = [`HTTP/1.1 101 ${answer.statusMessage || 'Switching Protocols'}`, 'Connection: Upgrade'];
  if (answer.headers.upgrade !== undefined) lines.push(`Upgrade: ${answer.headers.upgrade}`);
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
