import type { Payload } from '../../access/authenticate.ts';
import type { RequestHead } from '../../access/canonical-request.ts';
import { type Body, piecesOf } from '../../store/body.ts';
import { inBlocks } from '../../store/body-blocks.ts';
import {
  announcedTrailers,
  assertChecksumValue,
  type ChecksumAlgorithm,
  checkPromisedAlgorithm,
  checksumAlgorithm,
  checksumHeader,
  createHasher,
  digestOf,
  multipleChecksums,
  refuseUnknownChecksums,
} from '../checksums/checksums.ts';
import { s3Errors } from '../errors.ts';
import { type ChunkedBody, decodeStream, decodeWhole } from './aws-chunked.ts';

type Headers = RequestHead['headers'];

/** A body that proves itself while it is read. */
export interface ReceivedBody {
  /** Bytes inside any chunked encoding; `undefined` when the client did not say. */
  readonly size: number | undefined;
  /** Nobody said its size, and it throws when it is too large. */
  readonly bounded?: boolean;
  /** Proved where they are at hand; else reading throws at the end when a digest, a signature or the length is wrong: keep nothing then. */
  readonly bytes: Body;
  /** In hex, where it was promised and who keeps the body is to prove it. */
  readonly md5?: string | undefined;
  /** `x-amz-checksum-…` headers and trailers that were verified; complete when `bytes` has ended. */
  readonly checksums: Record<string, string>;
}

interface Check {
  readonly algorithm: ChecksumAlgorithm;
  /** Throws when the digest is not the one promised. */
  verify(digest: Buffer): void;
}

export interface BodyHead {
  readonly headers: Headers;
  readonly payload: Payload;
  /** `false`: those of the headers are about something else. */
  readonly checksums?: boolean;
  /** The body goes to a store, which computes its MD5 anyway: of one that is not at hand the promised one is given on. */
  readonly stored?: boolean | undefined;
}

export function receiveBody(source: Body, head: BodyHead): ReceivedBody {
  const { headers, payload } = head;
  refuseUnknownChecksums(headers);
  if (head.checksums !== false) checkPromisedAlgorithm(headers);
  const checksums: Record<string, string> = {};
  const md5 = contentMd5(headers);
  const left = head.stored && !(source instanceof Uint8Array) ? md5 : undefined;
  const trailers = readTrailerNames(headers, payload);
  const promised = new Map(head.checksums === false ? [] : checksumsIn(headers));
  const inTrailer = trailerAlgorithms(trailers);
  if (promised.size + inTrailer.length > 1) throw multipleChecksums();
  const checks: Check[] = [
    ...payloadHashCheck(payload),
    ...contentMd5Check(left ? undefined : md5),
    ...[...promised.keys(), ...inTrailer].map((algorithm) => ({
      algorithm,
      verify: (digest: Buffer) => {
        checksums[checksumHeader(algorithm)] = verifyChecksum(algorithm, digest, promised.get(algorithm));
      },
    })),
  ];
  const onTrailers = (found: ReadonlyMap<string, string>) => {
    for (const [algorithm, value] of checksumsIn(found)) promised.set(algorithm, value);
  };
  const size = bodySize(headers, payload);
  const proved = { size, checksums, md5: left?.toString('hex') };
  if (payload.kind !== 'chunked') return { ...proved, bytes: verified(source, checks) };
  const encoding = { decodedLength: size ?? 0, signatures: payload.signatures, trailers, onTrailers };
  return { ...proved, bytes: verified(decoded(source, encoding), checks) };
}

function decoded(source: Body, encoding: ChunkedBody): Body {
  if (source instanceof Uint8Array) return decodeWhole(source, encoding);
  return inBlocks(decodeStream(source, encoding), encoding.decodedLength); // copied: they are there for a moment only
}

/** The whole body as text. @throws HoldfastError `s3.message-too-long` */
export async function readText(body: ReceivedBody, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of piecesOf(body.bytes)) {
    size += bytes.length;
    if (size > limit) throw s3Errors.messageTooLong(`the request body is over ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function verified(source: Body, checks: readonly Check[]): Body {
  if (!(source instanceof Uint8Array)) return verifiedAtEnd(source, checks);
  for (const { algorithm, verify } of checks) verify(digestOf(algorithm, source));
  return source;
}

async function* verifiedAtEnd(source: AsyncIterable<Uint8Array>, checks: readonly Check[]): AsyncGenerator<Uint8Array> {
  const hashers = checks.map(({ algorithm, verify }) => ({ hasher: createHasher(algorithm), verify }));
  for await (const bytes of source) {
    for (const { hasher } of hashers) hasher.update(bytes);
    yield bytes;
  }
  for (const { hasher, verify } of hashers) verify(hasher.digest());
}

function bodySize(headers: Headers, payload: Payload): number | undefined {
  refuseFrames(headers, payload);
  const name = payload.kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length';
  const value = headers.get(name);
  if (value === undefined) {
    if (payload.kind !== 'chunked') return undefined;
    throw s3Errors.missingContentLength('you must provide the x-amz-decoded-content-length header');
  }
  if (/^\d{1,15}$/.test(value)) return Number(value);
  const refuse = payload.kind === 'chunked' ? s3Errors.missingContentLength : s3Errors.invalidArgument;
  throw refuse(`${name} is not a number of bytes`);
}

/**
 * Chunks that `x-amz-content-sha256` does not tell of would be kept with their frames.
 * @throws HoldfastError `s3.invalid-argument`, `s3.invalid-request`
 */
function refuseFrames(headers: Headers, payload: Payload): void {
  const isChunked = /(?:^|,)\s*aws-chunked\s*(?:,|$)/i.test(headers.get('content-encoding') ?? '');
  if (isChunked && headers.get('x-amz-content-sha256') === 'UNSIGNED-PAYLOAD') {
    throw s3Errors.invalidArgument(
      'aws-chunked encoding is not supported when x-amz-content-sha256 UNSIGNED-PAYLOAD is supplied.',
    );
  }
  const decoded = headers.get('x-amz-decoded-content-length');
  if (payload.kind === 'chunked' || decoded === undefined || decoded === headers.get('content-length')) return;
  throw s3Errors.invalidRequest('x-amz-decoded-content-length tells of chunks, and x-amz-content-sha256 of none');
}

function payloadHashCheck(payload: Payload): Check[] {
  if (payload.kind !== 'hash') return [];
  const verify = (digest: Buffer) => {
    if (digest.toString('hex') === payload.sha256) return;
    throw s3Errors.contentHashMismatch("the provided 'x-amz-content-sha256' header does not match what was computed");
  };
  return [{ algorithm: 'SHA256', verify }];
}

function contentMd5(headers: Headers): Buffer | undefined {
  const value = headers.get('content-md5');
  if (value === undefined) return undefined;
  const md5 = Buffer.from(value, 'base64');
  if (md5.length !== 16) throw s3Errors.invalidDigest('the Content-MD5 you specified is not valid');
  return md5;
}

function contentMd5Check(expected: Buffer | undefined): Check[] {
  if (!expected) return [];
  const verify = (digest: Buffer) => {
    if (!digest.equals(expected)) {
      throw s3Errors.badDigest('the Content-MD5 you specified did not match what we received');
    }
  };
  return [{ algorithm: 'MD5', verify }];
}

/** @returns the digest in base64 */
function verifyChecksum(algorithm: ChecksumAlgorithm, digest: Buffer, promised: string | undefined): string {
  const actual = digest.toString('base64');
  if (promised === actual) return actual;
  throw s3Errors.badDigest(`the ${algorithm} you specified did not match the calculated checksum`);
}

function checksumsIn(headers: Headers): readonly (readonly [ChecksumAlgorithm, string])[] {
  const found: [ChecksumAlgorithm, string][] = [];
  for (const [name, value] of headers) {
    const algorithm = checksumAlgorithm(name);
    if (!algorithm) continue;
    assertChecksumValue(algorithm, value);
    found.push([algorithm, value]);
  }
  if (found.length > 1) throw multipleChecksums();
  return found;
}

/** `undefined`: the body has no trailer, and must not announce one. @throws HoldfastError `s3.invalid-request` */
function readTrailerNames(headers: Headers, payload: Payload): readonly string[] | undefined {
  const names = announcedTrailers(headers);
  if (payload.kind !== 'chunked' || !payload.trailer) {
    if (names.length === 0) return undefined;
    throw s3Errors.invalidRequest('x-amz-trailer announces a trailer that x-amz-content-sha256 does not');
  }
  if (names.every((name) => checksumAlgorithm(name))) return names;
  throw s3Errors.invalidRequest('the value specified in the x-amz-trailer header is not supported');
}

function trailerAlgorithms(trailers: readonly string[] | undefined): readonly ChecksumAlgorithm[] {
  return (trailers ?? []).flatMap((name) => checksumAlgorithm(name) ?? []);
}
