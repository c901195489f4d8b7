import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../core/log.ts';
import { type Answer, answers, send } from './answers.ts';
import { forward, type Message, type Outcome } from './forward.ts';
import { bodyFraming, type Client, requestHeaders } from './forwarded-headers.ts';
import type { EdgeLimits } from './limits.ts';
import { hostName, parseRequestTarget } from './request-target.ts';
import type { LiveRoute, Router } from './router.ts';
import type { Sites } from './sites/sites.ts';
import type { Upstream } from './upstream.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface ExchangeContext {
  readonly router: Router;
  readonly room: WaitingRoom;
  /** What answers for a host without a route. */
  readonly sites: Sites | undefined;
  readonly limits: EdgeLimits;
  readonly log: Logger;
  /** Set when the edge is about to end. */
  readonly closing: AbortSignal;
}

/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Times that a request which may have been seen by a backend is sent: a request that kills its backend must not kill them all. */
const MAX_DELIVERIES = 2;

/** One request of a client, from its head to the end of its answer. */
export class Exchange {
  readonly #context: ExchangeContext;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #arrival = performance.now();
  /** Undoes what is going on when the client leaves or time is up. */
  #abort: () => void = () => {};
  #over = false;

  constructor(context: ExchangeContext, req: IncomingMessage, res: ServerResponse) {
    this.#context = context;
    this.#req = req;
    this.#res = res;
  }

  /** Resolves when nothing of the exchange is left but bytes on their way to the client. Never rejects. */
  async run(upgrade?: string): Promise<void> {
    const socket = this.#req.socket;
    const onClose = () => {
      this.#over = true;
      this.#abort();
    };
    socket.once('close', onClose);
    this.#res.on('timeout', () => this.#timeUp());
    try {
      const answer = await this.#pass(upgrade);
      if (answer) send(this.#req, this.#res, answer);
    } catch (error) {
      this.#context.log.error({ err: error }, 'a request failed inside the edge');
      send(this.#req, this.#res, answers.badRequest('it cannot be passed on'));
    } finally {
      socket.off('close', onClose);
    }
  }

  /** Has a backend answer; returns what the edge must say when none could. */
  async #pass(upgrade: string | undefined): Promise<Answer | undefined> {
    const target = parseRequestTarget(this.#req.url ?? '', this.#req.rawHeaders);
    if (typeof target === 'string') return answers.badRequest(target);
    const body = bodyFraming(this.#req);
    if (typeof body === 'object') {
      return body.status === 501 ? answers.notImplemented(body.why) : answers.badRequest(body.why);
    }
    const client = clientOf(this.#req.socket, target.authority);
    const headers = requestHeaders({ rawHeaders: this.#req.rawHeaders, body, client, upgrade });
    return this.#deliver(hostName(target.authority), {
      req: this.#req,
      res: this.#res,
      path: target.path,
      headers,
      hasBody: body !== 'none' && body !== 0,
      upgrades: upgrade !== undefined,
    });
  }

  /** Picks, forwards, tries the next, holds: until an answer has begun, the client has left, or nothing is left to try. */
  async #deliver(host: string, message: Message): Promise<Answer | undefined> {
    const repeatable = !message.hasBody && IDEMPOTENT.has(this.#req.method ?? '');
    const tried = new Set<Upstream>();
    let reuse = repeatable;
    let deliveries = 0;
    while (!this.#over) {
      const route = this.#context.router.find(host);
      if (!route) return this.#askSites(host, message);
      const upstream = route.pick(tried);
      if (!upstream) {
        const answer = await this.#hold(route);
        if (answer) return answer;
        tried.clear();
        continue;
      }
      const outcome = await this.#attempt(message, upstream, reuse);
      if (outcome.kind === 'ended' || this.#over) return undefined;
      this.#warn(route, upstream, outcome);
      if (outcome.kind === 'garbled') return answers.badGateway(route.id);
      if (outcome.kind === 'lost') {
        deliveries++;
        if (!repeatable || deliveries >= MAX_DELIVERIES) return answers.badGateway(route.id);
        reuse = false;
        if (outcome.reused) continue; // a connection that had died in the pool says nothing about the backend
      }
      tried.add(upstream);
    }
    return undefined;
  }

  async #askSites(host: string, { path, headers }: Message): Promise<Answer | undefined> {
    const { sites } = this.#context;
    if (!sites) return answers.unknownHost(host);
    const leaving = new AbortController();
    this.#abort = () => leaving.abort();
    return sites.serve({ req: this.#req, res: this.#res, host, path, headers, signal: leaving.signal });
  }

  /** Waits for a change of the routes; an answer when the wait is over and in vain. */
  async #hold(route: LiveRoute): Promise<Answer | undefined> {
    const { room, limits, closing } = this.#context;
    if (closing.aborted) return answers.shuttingDown();
    const refusing = route.active.length > 0;
    const left = this.#arrival + route.holdMs - performance.now();
    if (left <= 0) return refusing ? answers.unreachable(route.id) : answers.noBackend(route.id);
    const waiting = room.enter(refusing ? Math.min(left, limits.refusedRetryMs) : left);
    if (!waiting) return answers.tooManyWaiting(route.id);
    this.#abort = waiting.leave;
    await waiting.end;
    return undefined;
  }

  #attempt(message: Message, upstream: Upstream, reuse: boolean): Promise<Outcome> {
    const attempt = forward(message, upstream, { reuse, connectMs: this.#context.limits.connectMs });
    this.#abort = attempt.abort;
    return attempt.outcome;
  }

  /** Nothing has moved on the client's connection for too long. */
  #timeUp(): void {
    this.#over = true;
    this.#abort();
    if (this.#res.headersSent) this.#res.destroy();
    else send(this.#req, this.#res, answers.timeout(this.#req.headers.host ?? 'The app'));
  }

  #warn(route: LiveRoute, upstream: Upstream, outcome: Exclude<Outcome, { kind: 'ended' }>): void {
    if (!upstream.mayWarn()) return;
    const { kind, error } = outcome;
    this.#context.log.warn({ route: route.id, instance: upstream.instance, kind, err: error }, 'a backend failed');
  }
}

function clientOf(socket: Socket, authority: string): Client {
  const address = socket.remoteAddress ?? 'unknown';
  return {
    address: address.startsWith('::ffff:') ? address.slice(7) : address, // IPv4 on a dual-stack listener
    proto: 'encrypted' in socket ? 'https' : 'http',
    authority,
  };
}
