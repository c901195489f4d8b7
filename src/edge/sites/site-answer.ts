import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { type Coding, isCodable } from './coding.ts';

/** An origin's answer as the client gets it. */
export interface SiteAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  /** The coding that its body is put in. */
  readonly coding: Coding | undefined;
}

/** Of one connection, or said of the bytes, which an answer without a body has none of. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'date'];
const OF_BYTES = ['accept-ranges', 'content-encoding', 'content-length', 'content-type'];

/**
 * Chooses the coding and says what follows from it. A coded answer has the object's ETag made weak: the same for all
 * codings, good for `If-None-Match` and, as it must be, for no `If-Range` (RFC 9110 sections 8.8.1 and 13.1.5).
 */
export function siteAnswer(status: number, origin: IncomingHttpHeaders, accepted: Coding | undefined): SiteAnswer {
  const headers: OutgoingHttpHeaders = { ...origin };
  for (const name of HOP_BY_HOP) delete headers[name];
  const codable = (status === 200 || status === 304) && isCodable(representationOf(origin));
  const coding = codable ? accepted : undefined;
  if (codable) headers.vary = origin.vary ? `${origin.vary}, Accept-Encoding` : 'Accept-Encoding';
  if (status === 304) for (const name of OF_BYTES) delete headers[name];
  if (coding === undefined) return { status, headers, coding };
  if (origin.etag?.startsWith('"')) headers.etag = `W/${origin.etag}`;
  if (status === 200) {
    delete headers['content-length'];
    delete headers['accept-ranges'];
    headers['content-encoding'] = coding;
  }
  return { status, headers, coding };
}

function representationOf(origin: IncomingHttpHeaders) {
  return {
    contentType: origin['content-type'],
    size: Number(origin['content-length'] ?? 0),
    contentEncoding: origin['content-encoding'],
    cacheControl: origin['cache-control'],
  };
}
