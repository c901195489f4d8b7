import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../../core/log.ts';
import { type Answer, answers, bodyInDoubt } from '../answers.ts';
import { acceptedCoding, createEncoder } from './coding.ts';
import { siteAnswer } from './site-answer.ts';
import { type OriginRequest, SiteOrigin } from './site-origin.ts';

export interface SitesOptions {
  readonly socketPath: string;
  readonly log: Logger;
}

export interface SiteMessage {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly host: string;
  readonly path: string;
  /** Fields for a backend, flat. */
  readonly headers: readonly string[];
  /** The client has left, or time is up. */
  readonly signal: AbortSignal;
}

/** RFC 9110 section 15.5.20: the origin knows no site of that host. */
const MISDIRECTED = 421;

/** Buckets as websites: what the object store answers, in the coding that the client likes best. */
export class Sites {
  readonly #origin: SiteOrigin;
  readonly #log: Logger;

  constructor({ socketPath, log }: SitesOptions) {
    this.#origin = new SiteOrigin(socketPath);
    this.#log = log;
  }

  /** Returns what the edge must say when there is no site, or none that answers. */
  async serve(message: SiteMessage): Promise<Answer | undefined> {
    const { req, host, path, signal } = message;
    const { method = 'GET' } = req;
    let origin: IncomingMessage;
    try {
      origin = await this.#origin.ask({ method, path, headers: originHeaders(message.headers), signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#log.warn({ err: error }, 'the object store did not answer for its websites');
      return answers.noSites(host);
    }
    if (origin.statusCode === MISDIRECTED) {
      origin.resume();
      return answers.unknownHost(host);
    }
    await this.#pass(origin, message);
    return undefined;
  }

  close(): void {
    this.#origin.close();
  }

  async #pass(origin: IncomingMessage, { req, res }: SiteMessage): Promise<void> {
    const accepted = acceptedCoding(req.headers['accept-encoding'] as string | undefined);
    const { status, headers, coding } = siteAnswer(origin.statusCode as number, origin.headers, accepted);
    if (bodyInDoubt(req)) res.shouldKeepAlive = false;
    res.writeHead(status, headers);
    if (req.method === 'HEAD' || coding === undefined) return stream(origin, res);
    await stream(origin, createEncoder(coding, Number(origin.headers['content-length'])), res);
  }
}

/** A body that breaks off cuts the client's connection: that is how it sees that there is more. */
async function stream(...parts: [NodeJS.ReadableStream, ...NodeJS.ReadWriteStream[], ServerResponse]): Promise<void> {
  await pipeline(parts).catch(() => {});
}

/** What was said of a body goes with it; how the answer travels is between the client and us. */
const NOT_FOR_ORIGIN = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'te',
  'transfer-encoding',
  'upgrade',
]);

function originHeaders(headers: readonly string[]): OriginRequest['headers'] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!NOT_FOR_ORIGIN.has(name.toLowerCase())) kept.push(name, headers[i + 1] as string);
  }
  return kept;
}
