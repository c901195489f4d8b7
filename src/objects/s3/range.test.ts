import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyRange, selectPart, selectRange } from './range.ts';

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-5', { start: 2, end: 5 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=2-100', { start: 2, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-100', { start: 0, end: 9 }],
  ['Bytes=1-1', { start: 1, end: 1 }],
])('%s of ten bytes', (header, expected) => {
  expect(selectRange(header, 10)).toEqual(expected);
});

test.each([undefined, '', 'bytes=', 'bytes=-', 'bytes=5-2', 'bytes=a-b', 'bytes=0-1,3-4', 'items=0-1', '0-1'])(
  '%j selects everything',
  (header) => {
    expect(selectRange(header, 10)).toBeUndefined();
  },
);

test.each([
  ['bytes=10-', 10],
  ['bytes=10-12', 10],
  ['bytes=-0', 10],
  ['bytes=0-', 0],
  ['bytes=-5', 0],
  ['bytes=99999999999999999999-', 10],
])('%s of %i bytes cannot be satisfied', (header, size) => {
  expect(() => selectRange(header, size)).toThrow(expect.objectContaining({ code: 's3.invalid-range' }));
});

test('whatever is selected lies inside the object', () => {
  const bound = fc.option(fc.nat(40), { nil: '' as const });
  fc.assert(
    fc.property(bound, bound, fc.nat(30), (first, last, size) => {
      try {
        const range = selectRange(`bytes=${first}-${last}`, size);
        if (range) expect(0 <= range.start && range.start <= range.end && range.end < size).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 's3.invalid-range' });
      }
    }),
  );
});

test('the range of a copy must be complete and inside', () => {
  expect(copyRange('bytes=0-9', 10)).toEqual({ start: 0, end: 9 });
  for (const header of ['bytes=0-10', 'bytes=5-', 'bytes=-5', 'bytes=6-5', '0-1', '']) {
    expect(() => copyRange(header, 10)).toThrow(expect.objectContaining({ code: 's3.invalid-argument' }));
  }
});

test('parts are ranges of an object', () => {
  expect(selectPart('1', [5, 7, 0])).toEqual({ start: 0, end: 4 });
  expect(selectPart('2', [5, 7, 0])).toEqual({ start: 5, end: 11 });
  expect(selectPart('1', [0])).toBeUndefined();
  expect(() => selectPart('4', [5, 7, 0])).toThrow(expect.objectContaining({ code: 's3.invalid-part-number' }));
  expect(() => selectPart('3', [5, 7, 0])).toThrow(expect.objectContaining({ code: 's3.invalid-part-number' }));
  for (const text of ['0', '-1', '1.5', '', 'x', '100000']) {
    expect(() => selectPart(text, [5])).toThrow(expect.objectContaining({ code: 's3.invalid-argument' }));
  }
});
