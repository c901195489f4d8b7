import { createHash, type Hash } from 'node:crypto';
import { giveBack } from '../../../core/owned-bytes.ts';
import type { ChunkSignatures } from '../../access/chunk-signatures.ts';
import { accessErrors } from '../../access/errors.ts';
import { s3Errors } from '../errors.ts';

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

const CRLF = '\r\n';
const MAX_LINE = 256;
const MAX_TRAILER = 8 * 1024;
const SIGNATURE = 'chunk-signature=';

/** A body that is at hand, in one go. */
export function decodeWhole(body: Uint8Array, options: ChunkedBody): Uint8Array {
  const decoder = new ChunkedDecoder(options);
  const parts = [...decoder.decode(body)];
  decoder.end();
  const [only] = parts;
  return only && parts.length === 1 ? only : Buffer.concat(parts);
}

/**
 * A body as it comes. The bytes inside are there until more is asked for: then the memory of the piece that they came
 * in is given back. They are passed on before a chunk's signature is checked: whoever reads must keep nothing when
 * this throws.
 */
export async function* decodeStream(
  source: AsyncIterable<Uint8Array>,
  options: ChunkedBody,
): AsyncGenerator<Uint8Array> {
  const decoder = new ChunkedDecoder(options);
  for await (const piece of source) {
    for (const bytes of decoder.decode(piece)) yield bytes;
    giveBack(piece);
  }
  decoder.end();
}

type Expected = 'a chunk head' | 'bytes' | 'the end of a chunk' | 'trailers';

/** Takes a body in pieces, whatever their cuts; holds at most one line or the trailers. */
class ChunkedDecoder {
  readonly #options: ChunkedBody;
  #expected: Expected = 'a chunk head';
  /** What has come of a line, or of the trailers. */
  #text = '';
  /** Of the chunks to come. */
  #left: number;
  /** Of this chunk. */
  #rest = 0;
  #signature = '';
  #hash: Hash | undefined;

  constructor(options: ChunkedBody) {
    this.#options = options;
    this.#left = options.decodedLength;
  }

  /** The bytes inside, as views of `piece`. */
  *decode({ buffer, byteOffset, byteLength }: Uint8Array): Generator<Uint8Array> {
    const piece = Buffer.from(buffer, byteOffset, byteLength);
    for (let at = 0; at < piece.length; ) {
      if (this.#expected === 'bytes') {
        const bytes = piece.subarray(at, at + this.#rest);
        at += bytes.length;
        this.#takeBytes(bytes);
        yield bytes;
      } else if (this.#expected === 'trailers') {
        this.#takeTrailers(piece.toString('latin1', at));
        return;
      } else {
        at = this.#takeLine(piece, at);
      }
    }
  }

  /** There are no more pieces. */
  end(): void {
    const { trailers, signatures, onTrailers } = this.#options;
    if (this.#expected !== 'trailers') throw s3Errors.incompleteBody('the body ended before its last chunk');
    if (trailers === undefined) {
      if (this.#text.trim() !== '') throw s3Errors.malformedTrailer('an unexpected trailer was sent');
      return;
    }
    const received = readTrailers(this.#text, trailers, signatures);
    onTrailers?.(received);
  }

  #takeBytes(bytes: Buffer): void {
    this.#rest -= bytes.length;
    this.#hash?.update(bytes);
    if (this.#rest > 0) return;
    this.#verifyChunk();
    this.#expected = 'the end of a chunk';
  }

  /** @returns where the piece goes on */
  #takeLine(piece: Buffer, at: number): number {
    const limit = this.#expected === 'a chunk head' ? MAX_LINE : CRLF.length;
    const feed = piece.indexOf(10, at);
    const end = Math.min(feed < 0 ? piece.length : feed + 1, at + limit - this.#text.length);
    const line = this.#text + piece.toString('latin1', at, end);
    const isWhole = line.endsWith('\n') || line.length === limit;
    this.#text = isWhole ? '' : line;
    if (!isWhole) return end;
    if (!line.endsWith(CRLF)) throw s3Errors.incompleteBody('the body is not aws-chunked');
    if (this.#expected === 'a chunk head') this.#beginChunk(line.slice(0, -CRLF.length));
    else this.#expected = 'a chunk head';
    return end;
  }

  #beginChunk(line: string): void {
    const { signatures } = this.#options;
    const { size, signature } = parseChunkHead(line, signatures !== undefined);
    if (size > this.#left) throw s3Errors.incompleteBody('the body is longer than x-amz-decoded-content-length');
    this.#left -= size;
    this.#rest = size;
    this.#signature = signature;
    this.#hash = signatures && createHash('sha256');
    this.#expected = size > 0 ? 'bytes' : 'trailers';
    if (size > 0) return;
    this.#verifyChunk();
    if (this.#left > 0) throw s3Errors.incompleteBody('the body is shorter than x-amz-decoded-content-length');
  }

  #verifyChunk(): void {
    if (this.#hash) this.#options.signatures?.verifyChunk(this.#signature, this.#hash.digest('hex'));
  }

  #takeTrailers(text: string): void {
    this.#text += text;
    if (this.#text.length > MAX_TRAILER) throw s3Errors.malformedTrailer('the trailer is too long');
  }
}

function parseChunkHead(line: string, signed: boolean): { size: number; signature: string } {
  const [size = '', ...extensions] = line.split(';');
  if (!/^[0-9a-f]{1,12}$/i.test(size)) throw s3Errors.incompleteBody('a chunk has no size');
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
