import type { Transform } from 'node:stream';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';

/** Content codings that answers are given in (RFC 9110 section 8.4.1, RFC 7932, RFC 8878). */
export type Coding = 'br' | 'zstd' | 'gzip';

/** Of those that a client likes equally, the one that makes it smallest. */
const PREFERENCE: readonly Coding[] = ['br', 'zstd', 'gzip'];

/** Below it a coding saves nothing. */
const MIN_BYTES = 1024;
/** What is larger would keep a processor busy for every client that asks. */
const MAX_BYTES = 10 * 1024 * 1024;

/** Formats that are text in all but name; what is compressed already gains nothing. */
const TEXTUAL =
  /^(?:text\/|application\/(?:javascript|json|ld\+json|manifest\+json|xml|wasm|rtf|x-javascript|vnd\.ms-fontobject|x-ndjson)$|font\/(?:ttf|otf|collection)$|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$|.+\+(?:json|xml)$)/;

export interface Representation {
  readonly contentType: string | undefined;
  /** Bytes. */
  readonly size: number;
  readonly contentEncoding: string | undefined;
  readonly cacheControl: string | undefined;
}

/** Whether an answer comes in a coding where the client takes one. */
export function isCodable({ contentType = '', size, contentEncoding, cacheControl = '' }: Representation): boolean {
  if (contentEncoding !== undefined || size < MIN_BYTES || size > MAX_BYTES) return false;
  if (/\bno-transform\b/i.test(cacheControl)) return false; // RFC 9111 section 5.2.2.6
  return TEXTUAL.test((contentType.split(';')[0] ?? '').trim().toLowerCase());
}

/** The coding that an Accept-Encoding field likes best; `undefined`: none of ours (RFC 9110 section 12.5.3). */
export function acceptedCoding(field: string | undefined): Coding | undefined {
  if (field === undefined || field.length > MAX_FIELD) return undefined;
  const weights = new Map(field.split(',').map(parseWeight));
  const weightOf = (coding: Coding) =>
    weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? weights.get('*') ?? 0;
  const [best] = PREFERENCE.map((coding) => [coding, weightOf(coding)] as const).toSorted((a, b) => b[1] - a[1]);
  if (!best || best[1] <= 0 || best[1] < (weights.get('identity') ?? 0)) return undefined;
  return best[0];
}

const MAX_FIELD = 1024;

function parseWeight(member: string): readonly [name: string, weight: number] {
  const [name = '', ...parameters] = member.split(';');
  const q = parameters.map((one) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(one)?.[1]).find(Boolean);
  return [name.trim().toLowerCase(), q === undefined ? 1 : Number(q)];
}

/** Quick ones: every answer that is not kept is made anew. */
export function createEncoder(coding: Coding, size: number): Transform {
  if (coding === 'gzip') return createGzip({ level: 6 });
  if (coding === 'zstd') return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: size };
  return createBrotliCompress({ params });
}
