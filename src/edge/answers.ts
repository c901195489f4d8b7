import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';

/** What the edge itself says to a client when no backend can. */
export interface Answer {
  readonly status: number;
  /** One or two sentences for whoever sees it. */
  readonly message: string;
  /** Seconds. */
  readonly retryAfter?: number;
  /** Ends the connection: its framing or its state is in doubt. */
  readonly close?: boolean;
}

export const answers = {
  badRequest: (why: string): Answer => ({ status: 400, message: `Bad request: ${why}.`, close: true }),
  notImplemented: (what: string): Answer => ({ status: 501, message: `Not supported here: ${what}.`, close: true }),
  unknownHost: (host: string): Answer => ({
    status: 404,
    message: `No app answers to the name ${host}. Check the address, or deploy the app that should be here.`,
  }),
  noSites: (host: string): Answer => ({
    status: 503,
    message: `No app answers to the name ${host}, and the object store, whose buckets might, is not up.`,
    retryAfter: 5,
  }),
  noBackend: (id: string): Answer => ({
    status: 503,
    message: `${id} has no instance ready to answer. It may be starting; try again in a moment.`,
    retryAfter: 5,
  }),
  tooManyWaiting: (id: string): Answer => ({
    status: 503,
    message: `${id} has no instance ready, and too many requests wait for one already.`,
    retryAfter: 5,
  }),
  shuttingDown: (): Answer => ({ status: 503, message: 'The edge is shutting down.', retryAfter: 5, close: true }),
  badGateway: (id: string): Answer => ({
    status: 502,
    message: `An instance of ${id} ended the connection without a proper answer. Its logs say more.`,
  }),
  unreachable: (id: string): Answer => ({
    status: 502,
    message: `No instance of ${id} takes connections. It may be crashing or not listening on its port.`,
  }),
  timeout: (id: string): Answer => ({ status: 504, message: `${id} did not answer in time.`, close: true }),
};

/** Answers unless an answer has begun. HTML for browsers, plain text for everyone else. */
export function send(req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  if (res.headersSent || res.destroyed) return;
  const html = req.headers.accept?.includes('text/html') ?? false;
  const body = Buffer.from(html ? page(answer) : `${answer.message}\n`);
  const headers = [
    ['Content-Type', `text/${html ? 'html' : 'plain'}; charset=utf-8`],
    ['Content-Length', String(body.length)],
    ['Cache-Control', 'no-store'],
    ['X-Content-Type-Options', 'nosniff'],
  ];
  if (answer.retryAfter !== undefined) headers.push(['Retry-After', String(answer.retryAfter)]);
  if (bodyInDoubt(req)) res.shouldKeepAlive = false;
  if (answer.close) headers.push(['Connection', 'close']);
  res.writeHead(answer.status, headers.flat()).end(body);
}

/**
 * True when the client may or may not send the body it announced: a final answer before 100 leaves that to it
 * (RFC 9110 section 10.1.1), so only closing the connection is unambiguous.
 */
export function bodyInDoubt(req: IncomingMessage): boolean {
  return req.headers.expect !== undefined && !req.readableDidRead;
}

function page({ status, message }: Answer): string {
  const title = `${status} ${STATUS_CODES[status]}`;
  const text = message.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem}</style>
<h1>${title}</h1><p>${text}</p></html>
`;
}
