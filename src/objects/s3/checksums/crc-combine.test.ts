import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createHasher } from './checksums.ts';
import { combineCrcs } from './crc-combine.ts';

test.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s of the parts is that of the whole', (algorithm) => {
  const sum = (bytes: Uint8Array) => {
    const hasher = createHasher(algorithm);
    hasher.update(bytes);
    return hasher.digest();
  };
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 }), (parts) => {
      const summed = parts.map((part) => ({ digest: sum(part), size: part.length }));
      expect(combineCrcs(algorithm, summed).toString('hex')).toBe(sum(Buffer.concat(parts)).toString('hex'));
    }),
  );
});

test('ten thousand parts do not hold up the others', () => {
  const part = { digest: Buffer.from('0123456789abcdef', 'hex'), size: 5 * 2 ** 20 };
  const before = process.threadCpuUsage();
  combineCrcs(
    'CRC64NVME',
    Array.from({ length: 10_000 }, () => part),
  );
  expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(2000);
});
