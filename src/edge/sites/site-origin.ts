import { Agent, type IncomingMessage, request } from 'node:http';
import { isNodeError } from '../../core/errors.ts';

export interface OriginRequest {
  readonly method: string;
  readonly path: string;
  /** Flat, as node takes them. */
  readonly headers: readonly string[];
  readonly signal: AbortSignal;
}

/** An unused connection stays open for so long; the other side closes none. */
const IDLE_MS = 30_000;
const MAX_IDLE = 64;

/** The object store's websites, behind their Unix socket. Requests have no body, and may be sent again. */
export class SiteOrigin {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: IDLE_MS });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** The head of the answer; its body must be read or destroyed. @throws what breaks the connection */
  async ask(message: OriginRequest): Promise<IncomingMessage> {
    for (;;) {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const { method, path, headers, signal } = message;
      const options = { socketPath: this.#socketPath, agent: this.#agent, method, path, headers: [...headers], signal };
      const outgoing = request(options).once('response', resolve).on('error', reject).end();
      try {
        const answer = await promise;
        answer.on('error', () => {}); // whoever reads it sees it too
        return answer;
      } catch (error) {
        // It had died in the pool: the object store was started again.
        if (!outgoing.reusedSocket || !isNodeError(error) || signal.aborted) throw error;
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

/**
 * The method of the client's request, in the first that is made for it: so the origin's access log has a line for each,
 * whatever is asked on its behalf.
 */
const CLIENT_METHOD = 'X-Forwarded-Method';

/** What was said of a body goes with it; how the answer travels is between the client and us. */
const NOT_FOR_ORIGIN: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'te',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-method',
]);

/** Of the fields for a backend those that a request without a body has. */
export function originHeaders(headers: readonly string[], clientMethod: string | undefined): readonly string[] {
  const kept: string[] = clientMethod === undefined ? [] : [CLIENT_METHOD, clientMethod];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!NOT_FOR_ORIGIN.has(name.toLowerCase())) kept.push(name, headers[i + 1] as string);
  }
  return kept;
}
