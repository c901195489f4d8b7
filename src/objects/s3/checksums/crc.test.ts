import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c, crc64nvme } from './crc.ts';

const text = (bytes: Uint8Array) => {
  const { high, low } = crc64nvme(bytes);
  return ((BigInt(high) << 32n) | BigInt(low)).toString(16);
};

test('gives the check values of the catalogue of CRCs', () => {
  const check = Buffer.from('123456789');
  expect(crc32c(check).toString(16)).toBe('e3069283');
  expect(text(check)).toBe('ae8b14860a799888');
  // RFC 3720 appendix B.4: 32 bytes of zeros, and of ones.
  expect(crc32c(Buffer.alloc(32)).toString(16)).toBe('8a9136aa');
  expect(crc32c(Buffer.alloc(32, 0xff)).toString(16)).toBe('62a8ab43');
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});

test('a value carried over a cut is that of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(crc32c(tail, crc32c(head))).toBe(crc32c(bytes));
      expect(crc64nvme(tail, crc64nvme(head))).toEqual(crc64nvme(bytes));
    }),
  );
});
