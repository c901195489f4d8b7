import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c, crc64nvme } from './crc.ts';
import { s3Errors } from './errors.ts';

/** The checksum algorithms of S3; values are base64 of the big-endian digest. */
const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The algorithm of `x-amz-checksum-<algorithm>`; not of its sisters `-algorithm`, `-mode` and `-type`. */
export function checksumAlgorithm(header: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => checksumHeader(algorithm) === header);
}

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** @throws HoldfastError `s3.invalid-request` unless `value` is base64 of a digest of that length */
export function assertChecksumValue(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === DIGEST_BYTES[algorithm] && bytes.toString('base64') === value) return;
  throw s3Errors.invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
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
