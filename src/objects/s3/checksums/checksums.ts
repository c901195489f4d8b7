import { createHash, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { HoldfastError } from '../../../core/errors.ts';
import { s3Errors } from '../errors.ts';
import { crc32c, crc64nvme } from './crc.ts';

/** The checksum algorithms of S3; values are base64 of the big-endian digest. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'MD5', 'SHA1', 'SHA256', 'SHA512'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

const HEADERS: Readonly<Record<ChecksumAlgorithm, string>> = {
  CRC32: 'x-amz-checksum-crc32',
  CRC32C: 'x-amz-checksum-crc32c',
  CRC64NVME: 'x-amz-checksum-crc64nvme',
  MD5: 'x-amz-checksum-md5',
  SHA1: 'x-amz-checksum-sha1',
  SHA256: 'x-amz-checksum-sha256',
  SHA512: 'x-amz-checksum-sha512',
};

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return HEADERS[algorithm];
}

/** Its name in XML. */
export function checksumElement(algorithm: ChecksumAlgorithm): `Checksum${ChecksumAlgorithm}` {
  return `Checksum${algorithm}`;
}

/** The value of `x-amz-checksum-algorithm`. @throws HoldfastError `s3.invalid-request` */
export function parseChecksumAlgorithm(text: string | undefined): ChecksumAlgorithm | undefined {
  if (text === undefined) return undefined;
  const algorithm = CHECKSUM_ALGORITHMS.find((one) => one === text.toUpperCase());
  if (algorithm) return algorithm;
  throw s3Errors.invalidRequest(
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  );
}

const SISTERS = new Set(['algorithm', 'mode', 'type'].map((name) => `x-amz-checksum-${name}`));

/** S3 has it, and nobody here can compute it. */
const NOT_HERE = /^x-amz-checksum-xxhash(?:3|64|128)$/;

/** One that nobody computes would be ignored. @throws HoldfastError `s3.not-implemented`, `s3.invalid-request` */
export function refuseUnknownChecksums(headers: ReadonlyMap<string, string>): void {
  for (const name of headers.keys()) {
    if (!name.startsWith('x-amz-checksum-') || SISTERS.has(name) || checksumAlgorithm(name)) continue;
    if (NOT_HERE.test(name)) throw s3Errors.notImplemented(`the header ${name} is not implemented`);
    throw s3Errors.invalidRequest('The algorithm type you specified in x-amz-checksum- header is invalid.');
  }
}

/** What a body is sent with, in a header or a trailer. */
export function announcedAlgorithm(headers: ReadonlyMap<string, string>): ChecksumAlgorithm | undefined {
  const trailers = announcedTrailers(headers);
  return CHECKSUM_ALGORITHMS.find((one) => headers.has(checksumHeader(one)) || trailers.includes(checksumHeader(one)));
}

const NO_NAMES: readonly string[] = [];
/** Of requests under way: several steps ask. */
const trailersOf = new WeakMap<ReadonlyMap<string, string>, readonly string[]>();

/** Lower-case names. */
export function announcedTrailers(headers: ReadonlyMap<string, string>): readonly string[] {
  const text = headers.get('x-amz-trailer');
  if (text === undefined) return NO_NAMES;
  const before = trailersOf.get(headers);
  if (before) return before;
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const trailers = names.filter((name) => name !== '');
  trailersOf.set(headers, trailers);
  return trailers;
}

/**
 * `x-amz-sdk-checksum-algorithm` promises a checksum of that algorithm (S3 API, PutObject).
 * @throws HoldfastError `s3.invalid-request` where another comes, or none
 */
export function checkPromisedAlgorithm(headers: ReadonlyMap<string, string>): void {
  const promised = headers.get('x-amz-sdk-checksum-algorithm')?.toUpperCase();
  if (promised === undefined) return;
  const announced = announcedAlgorithm(headers);
  if (announced === promised) return;
  throw s3Errors.invalidRequest(
    announced
      ? 'Value for x-amz-sdk-checksum-algorithm header is invalid.'
      : 'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
  );
}

export function multipleChecksums(): HoldfastError {
  return s3Errors.invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
}

export function checksumTypeMismatch(expected: ChecksumAlgorithm, actual: ChecksumAlgorithm): HoldfastError {
  const [wanted, given] = [expected.toLowerCase(), actual.toLowerCase()];
  return s3Errors.invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${wanted}, actual checksum Type: ${given}`,
  );
}

/** The bytes as they are; when they have ended, `into` has their checksum. */
export async function* summedUp(
  bytes: AsyncIterable<Uint8Array>,
  algorithm: ChecksumAlgorithm,
  into: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  const hasher = createHasher(algorithm);
  for await (const chunk of bytes) {
    hasher.update(chunk);
    yield chunk;
  }
  into[checksumHeader(algorithm)] = hasher.digest().toString('base64');
}

const BY_HEADER: ReadonlyMap<string, ChecksumAlgorithm> = new Map(
  CHECKSUM_ALGORITHMS.map((algorithm) => [checksumHeader(algorithm), algorithm]),
);

/** The algorithm of `x-amz-checksum-<algorithm>`; not of its sisters `-algorithm`, `-mode` and `-type`. */
export function checksumAlgorithm(header: string): ChecksumAlgorithm | undefined {
  return BY_HEADER.get(header);
}

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  MD5: 16,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
};

/** Base64 of a digest of that length? */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === DIGEST_BYTES[algorithm] && bytes.toString('base64') === value;
}

/** @throws HoldfastError `s3.invalid-request` */
export function assertChecksumValue(algorithm: ChecksumAlgorithm, value: string): void {
  if (isChecksumValue(algorithm, value)) return;
  throw s3Errors.invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
}

export function digestOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Buffer {
  if (!algorithm.startsWith('CRC')) return hash(algorithm.toLowerCase(), bytes, 'buffer');
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.digest();
}

export function createHasher(algorithm: ChecksumAlgorithm): Hasher {
  switch (algorithm) {
    case 'CRC32':
      return crc32Hasher((bytes, value) => crc32(bytes, value));
    case 'CRC32C':
      return crc32Hasher(crc32c);
    case 'CRC64NVME':
      return crc64Hasher();
    default:
      return createHash(algorithm.toLowerCase());
  }
}

function crc32Hasher(next: (bytes: Uint8Array, value: number) => number): Hasher {
  let value = 0;
  return {
    update: (bytes) => {
      value = next(bytes, value);
    },
    digest: () => {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(value);
      return digest;
    },
  };
}

function crc64Hasher(): Hasher {
  let value = { high: 0, low: 0 };
  return {
    update: (bytes) => {
      value = crc64nvme(bytes, value);
    },
    digest: () => {
      const digest = Buffer.alloc(8);
      digest.writeUInt32BE(value.high, 0);
      digest.writeUInt32BE(value.low, 4);
      return digest;
    },
  };
}
