import { createHash } from 'node:crypto';
import type { ChunkSignatures } from '../../access/chunk-signatures.ts';
import { accessErrors } from '../../access/errors.ts';
import { s3Errors } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';

/**
 * The aws-chunked encoding (S3 API, "Transferring Payload in Multiple Chunks"):
 *
 *     <hex size>[;chunk-signature=<hex>] CRLF <bytes> CRLF … 0[;chunk-signature=<hex>] CRLF
 *     [<trailer>:<value> CRLF … [x-amz-trailer-signature:<hex> CRLF]] CRLF
 */
export interface ChunkedBody {
  /** `x-amz-decoded-content-length`. */
  readonly decodedLength: number;
  /** Absent: chunks carry no signatures. */
  readonly signatures?: ChunkSignatures | undefined;
  /** Lower-case names the `x-amz-trailer` header announced; `undefined` when the body has no trailer. */
  readonly trailers?: readonly string[] | undefined;
  /** Called with the trailers once they are verified, before the last byte's reader is told the end. */
  readonly onTrailers?: ((trailers: ReadonlyMap<string, string>) => void) | undefined;
}

const MAX_LINE = 256;
const MAX_TRAILER = 8 * 1024;
const SIGNATURE = 'chunk-signature=';

/**
 * The bytes inside. They are passed on as they come and a chunk's signature is
 * checked at its end: whoever reads must keep nothing when this throws.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  options: ChunkedBody,
): AsyncGenerator<Uint8Array> {
  const { decodedLength, signatures, trailers } = options;
  const reader = new ByteReader(source);
  let left = decodedLength;
  try {
    for (;;) {
      const { size, signature } = parseChunkHead(await reader.line(MAX_LINE), signatures !== undefined);
      if (size > left) throw s3Errors.incompleteBody('the body is longer than x-amz-decoded-content-length');
      left -= size;
      const hash = signatures && createHash('sha256');
      for (let rest = size; rest > 0; ) {
        const bytes = await reader.some(rest);
        rest -= bytes.length;
        hash?.update(bytes);
        yield bytes;
      }
      if (hash) signatures?.verifyChunk(signature, hash.digest('hex'));
      if (size === 0) break;
      if ((await reader.line(2)) !== '') throw s3Errors.invalidRequest('a chunk is longer than its size');
    }
    if (left > 0) throw s3Errors.incompleteBody('the body is shorter than x-amz-decoded-content-length');
    const tail = await reader.rest(MAX_TRAILER);
    if (trailers === undefined) {
      if (tail.trim() !== '') throw s3Errors.malformedTrailer('an unexpected trailer was sent');
      return;
    }
    const received = readTrailers(tail, trailers, signatures);
    options.onTrailers?.(received);
  } finally {
    await reader.close();
  }
}

function parseChunkHead(line: string, signed: boolean): { size: number; signature: string } {
  const [size = '', ...extensions] = line.split(';');
  if (!/^[0-9a-f]{1,12}$/i.test(size)) throw s3Errors.invalidRequest('a chunk has no size');
  const signature = extensions.find((extension) => extension.startsWith(SIGNATURE))?.slice(SIGNATURE.length) ?? '';
  if (signed && signature === '') throw accessErrors.signature('a chunk has no signature');
  return { size: Number.parseInt(size, 16), signature };
}

/** Blank lines are skipped: some clients send one before the signature. */
function readTrailers(
  text: string,
  announced: readonly string[],
  signatures: ChunkSignatures | undefined,
): ReadonlyMap<string, string> {
  const trailers = new Map<string, string>();
  for (const line of text.split('\n').map((line) => line.trim())) {
    if (line === '') continue;
    const at = line.indexOf(':');
    if (at <= 0) throw s3Errors.malformedTrailer('a trailer is not "name:value"');
    trailers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
  const signature = trailers.get('x-amz-trailer-signature') ?? '';
  trailers.delete('x-amz-trailer-signature');
  const canonical = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
  signatures?.verifyTrailer(signature, canonical);
  if (announced.some((name) => !trailers.has(name)) || trailers.size !== announced.length) {
    throw s3Errors.malformedTrailer('the trailers are not those that x-amz-trailer announced');
  }
  return trailers;
}
