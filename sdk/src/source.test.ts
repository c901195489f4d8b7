import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PutData, sourceOf } from './source.ts';

async function partsOf(data: PutData, partSize: number): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  for await (const part of sourceOf(data).parts(partSize)) parts.push(Buffer.from(part));
  return parts;
}

it('any data comes as full parts and a last one, whatever the chunks of the stream', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
    fc.integer({ min: 1, max: 17 }),
    async (chunks, partSize) => {
      const whole = Buffer.concat(chunks);
      const forms: PutData[] = [
        whole,
        new Blob(chunks as Uint8Array<ArrayBuffer>[]),
        Readable.from(chunks),
        ReadableStream.from(chunks),
      ];
      for (const form of forms) {
        const parts = await partsOf(form, partSize);
        expect(Buffer.concat(parts).equals(whole)).toBe(true);
        expect(parts.slice(0, -1).every((part) => part.length === partSize)).toBe(true);
        expect(parts.every((part) => part.length > 0 && part.length <= partSize)).toBe(true);
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

it('strings are UTF-8; views keep to their own bytes', async () => {
  expect(Buffer.concat(await partsOf('żółw', 3)).toString()).toBe('żółw');
  const view = new Uint16Array(new Uint8Array([9, 9, 1, 2, 9, 9]).buffer, 2, 1);
  expect(await partsOf(view, 10)).toEqual([Buffer.from([1, 2])]);
});

it('what is no data is refused', async () => {
  expect(() => sourceOf(42 as never)).toThrow('cannot store number');
  expect(() => sourceOf(null as never)).toThrow('cannot store null');
  await expect(partsOf(Readable.from([{}]), 5)).rejects.toThrow('it must give bytes or strings');
});
