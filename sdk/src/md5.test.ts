import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { md5 } from './md5.ts';

it('is the MD5 of any bytes', () => {
  const lengths = [...Array.from({ length: 200 }, (_, i) => i), 1_000_003];
  for (const bytes of lengths.map((length) => randomBytes(length))) {
    expect(md5(bytes)).toBe(createHash('md5').update(bytes).digest('hex'));
  }
});
