/** Reflected CRCs, initial value and final xor all ones, as S3 has them. The polynomials lack their highest term. */
const CRCS = {
  CRC32: { bits: 32n, polynomial: 0xedb88320n },
  CRC32C: { bits: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
};

type CombinableCrc = keyof typeof CRCS;

export function isCombinable(algorithm: string): algorithm is CombinableCrc {
  return Object.hasOwn(CRCS, algorithm);
}

interface SummedBytes {
  /** Big-endian. */
  readonly digest: Buffer;
  readonly size: number;
}

/**
 * The CRC of all the bytes from those of their parts, in order: each shifts what came
 * before by its length, which is a product of polynomials over GF(2) modulo the CRC's.
 */
export function combineCrcs(algorithm: CombinableCrc, parts: readonly SummedBytes[]): Buffer {
  const field = new CrcField(CRCS[algorithm]);
  let crc = 0n;
  for (const { digest, size } of parts) {
    crc = field.multiply(field.shift(size), crc) ^ BigInt(`0x${digest.toString('hex')}`);
  }
  return Buffer.from(crc.toString(16).padStart(Number(field.bits) / 4, '0'), 'hex');
}

/** Polynomials are reflected: the highest bit stands for x⁰. */
class CrcField {
  readonly bits: bigint;
  readonly #polynomial: bigint;
  /** Parts are mostly of one size. */
  readonly #shifts = new Map<number, bigint>();

  constructor({ bits, polynomial }: { readonly bits: bigint; readonly polynomial: bigint }) {
    this.bits = bits;
    this.#polynomial = polynomial;
  }

  multiply(a: bigint, b: bigint): bigint {
    let product = 0n;
    let factor = b;
    for (let bit = 1n << (this.bits - 1n); bit > 0n; bit >>= 1n) {
      if (a & bit) product ^= factor;
      factor = factor & 1n ? (factor >> 1n) ^ this.#polynomial : factor >> 1n;
    }
    return product;
  }

  /** x to the power of as many bits as `bytes` has. */
  shift(bytes: number): bigint {
    const known = this.#shifts.get(bytes);
    if (known !== undefined) return known;
    let power = 1n << (this.bits - 1n);
    let square = 1n << (this.bits - 9n); // x⁸
    for (let left = BigInt(bytes); left > 0n; left >>= 1n) {
      if (left & 1n) power = this.multiply(square, power);
      square = this.multiply(square, square);
    }
    this.#shifts.set(bytes, power);
    return power;
  }
}
