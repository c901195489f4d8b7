import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { pipeline as piped } from 'node:stream/promises';
import type { Logger } from '../../core/log.ts';
import { type Answer, answers, bodyInDoubt } from '../answers.ts';
import { type CachedBody, cacheId, type EdgeCache } from '../cache/edge-cache.ts';
import { isOutdated, isStorable, sliceOf, usableCodings, validatorOf } from './cached-site.ts';
import { acceptedCoding, type Coding, createEncoder } from './coding.ts';
import { type SiteAnswer, siteAnswer } from './site-answer.ts';
import { originHeaders, SiteOrigin } from './site-origin.ts';

export interface SitesOptions {
  readonly socketPath: string;
  /** Absent: every body comes from the origin. */
  readonly cache?: EdgeCache | undefined;
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

/** What the origin said, and what the client shall get. */
interface Said {
  readonly origin: IncomingMessage;
  readonly answer: SiteAnswer;
}

interface Found {
  readonly body: CachedBody;
  readonly coding: Coding | undefined;
}

/** RFC 9110 section 15.5.20: the origin knows no site of that host. */
const MISDIRECTED = 421;
/** For a body that may be kept to come, ms: others wait for it. */
const FILL_MS = 60_000;

/**
 * Buckets as websites: what the object store answers, in the coding that the client likes best.
 * It is asked each time, for the head at least, so that who may read what, and what is there, is as it
 * says now; what the cache saves is the body, and the work of putting it in its coding.
 */
export class Sites {
  readonly #origin: SiteOrigin;
  readonly #cache: EdgeCache | undefined;
  readonly #log: Logger;
  /** Of which the origin has been told. */
  readonly #told = new WeakSet<SiteMessage>();
  /** Bodies on their way into the cache. */
  readonly #fills = new Map<string, Promise<void>>();

  constructor({ socketPath, cache, log }: SitesOptions) {
    this.#origin = new SiteOrigin(socketPath);
    this.#cache = cache;
    this.#log = log;
  }

  /** Returns what the edge must say when there is no site, or none that answers. */
  async serve(message: SiteMessage): Promise<Answer | undefined> {
    try {
      return await (message.req.method === 'GET' && this.#cache
        ? this.#get(message, this.#cache)
        : this.#pass(message));
    } catch (error) {
      if (message.signal.aborted) return undefined;
      this.#log.warn({ err: error }, 'the object store did not answer for its websites');
      return answers.noSites(message.host);
    }
  }

  close(): void {
    this.#origin.close();
  }

  /** Of many that want the same body at once, one fetches it. */
  async #get(message: SiteMessage, cache: EdgeCache): Promise<Answer | undefined> {
    const { req, signal } = message;
    const isRanged = req.headers.range !== undefined;
    const codings = usableCodings(acceptedOf(message), isRanged);
    const fill = idOf(message, codings[0]);
    const other = this.#fills.get(fill);
    if (other) await other;
    if (signal.aborted) return undefined;
    if (await this.#fromCache(message, codings, cache)) return undefined;
    return other || isRanged || this.#fills.has(fill) ? this.#pass(message) : this.#fetch(message, cache, fill);
  }

  /** False when nothing is kept, or the origin has something else now. */
  async #fromCache(message: SiteMessage, codings: readonly (Coding | undefined)[], cache: EdgeCache): Promise<boolean> {
    const known: Found[] = [];
    for (const coding of codings) {
      const body = await cache.find(idOf(message, coding));
      if (body) known.push({ body, coding });
    }
    if (known.length === 0) return false;
    const said = await this.#ask(message, 'HEAD');
    said.origin.resume();
    const { status, coding, headers } = said.answer;
    if (status === 304) {
      message.res.writeHead(304, headers).end();
      return true;
    }
    for (const { body } of known) if (isOutdated(body.validator, said.origin)) await cache.forget(body.id);
    const found = known.find((one) => one.coding === coding);
    return found !== undefined && this.#sendCached(said, found, message);
  }

  /** Lets the body go through the cache where that may keep it. */
  async #fetch(message: SiteMessage, cache: EdgeCache, fill: string): Promise<Answer | undefined> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#fills.set(fill, promise);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), FILL_MS);
    let said: Said;
    let kept: CachedBody | undefined;
    try {
      said = await this.#ask(message, 'GET', late.signal); // not the client's: others wait for the same body
      kept = await this.#keep(said, message, cache);
    } finally {
      clearTimeout(timer);
      this.#fills.delete(fill);
      resolve();
    }
    if (kept && (await this.#sendCached(said, { body: kept, coding: said.answer.coding }, message))) return undefined;
    return said.origin.readableDidRead ? this.#pass(message) : this.#send(said, message);
  }

  async #keep({ origin, answer }: Said, message: SiteMessage, cache: EdgeCache): Promise<CachedBody | undefined> {
    const validator = validatorOf(origin.headers);
    const size = Number(origin.headers['content-length']);
    if (validator === undefined || !isStorable(answer, origin.headers) || !cache.accepts(size)) return undefined;
    try {
      return await cache.put(idOf(message, answer.coding), validator, () => encoded({ origin, answer }));
    } catch (error) {
      this.#log.debug({ err: error }, 'a body was not kept');
      return undefined;
    }
  }

  async #pass(message: SiteMessage): Promise<Answer | undefined> {
    return this.#send(await this.#ask(message, message.req.method ?? 'GET'), message);
  }

  async #ask(message: SiteMessage, method: string, signal = message.signal): Promise<Said> {
    const { path, req } = message;
    const isFirst = !this.#told.has(message);
    this.#told.add(message);
    const headers = originHeaders(message.headers, isFirst ? req.method : undefined);
    const origin = await this.#origin.ask({ method, path, headers, signal });
    return { origin, answer: siteAnswer(origin.statusCode as number, origin.headers, acceptedOf(message)) };
  }

  async #send(said: Said, { req, res, host }: SiteMessage): Promise<Answer | undefined> {
    const { origin, answer } = said;
    if (answer.status === MISDIRECTED) {
      origin.resume();
      return answers.unknownHost(host);
    }
    if (bodyInDoubt(req)) res.shouldKeepAlive = false;
    res.writeHead(answer.status, answer.headers);
    await stream(req.method === 'HEAD' ? origin : encoded(said), res);
    return undefined;
  }

  /** False when the origin's answer is of another body, or the body is gone. */
  async #sendCached({ answer, origin }: Said, { body }: Found, { req, res }: SiteMessage): Promise<boolean> {
    const slice = sliceOf(answer, body.size);
    if (!slice || validatorOf(origin.headers) !== body.validator) return false;
    const bytes = await this.#cache?.read(body, slice.start, slice.end);
    if (!bytes) return false;
    if (bodyInDoubt(req)) res.shouldKeepAlive = false;
    res.writeHead(answer.status, { ...answer.headers, 'content-length': slice.end - slice.start + 1 });
    if (Buffer.isBuffer(bytes)) res.end(bytes);
    else await stream(bytes, res);
    return true;
  }
}

function acceptedOf({ req }: SiteMessage): Coding | undefined {
  return acceptedCoding(req.headers['accept-encoding'] as string | undefined);
}

/** The query chooses nothing: websites are keys. */
function idOf({ host, path }: SiteMessage, coding: Coding | undefined): string {
  return cacheId(host, path.split('?', 1)[0] ?? '', coding);
}

/** The body as it goes out. */
function encoded({ origin, answer }: Said): Readable {
  if (answer.coding === undefined || answer.status !== 200) return origin;
  const encoder = createEncoder(answer.coding, Number(origin.headers['content-length']));
  return pipeline(origin, encoder, () => {}); // what breaks, breaks the encoder too
}

/** A body that breaks off cuts the client's connection: that is how it sees that there is more. */
async function stream(body: Readable, res: ServerResponse): Promise<void> {
  await piped(body, res).catch(() => {});
  body.destroy(); // a client that had left before has nothing piped to it, and nothing ended
}
