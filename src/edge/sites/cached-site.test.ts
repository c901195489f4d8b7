import { expect, test } from 'vitest';
import { isOutdated, isStorable, sliceOf, usableCodings, validatorOf } from './cached-site.ts';

const head = { etag: '"a"', 'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT', 'content-length': '10' };
const answer = (status: number, headers = {}) => ({ status, headers, coding: undefined });

test('a state is told by a strong ETag and a date', () => {
  expect(validatorOf(head)).toBe('"a" Sat, 21 Nov 2026 10:00:00 GMT');
  expect(validatorOf({ ...head, etag: 'W/"a"' })).toBeUndefined();
  expect(validatorOf({ etag: '"a"' })).toBeUndefined();
});

test('what is kept goes when the object is another, is gone or may not be read', () => {
  const validator = validatorOf(head) ?? '';
  const outdated = (statusCode: number, headers = {}) => isOutdated(validator, { statusCode, headers });
  expect([outdated(200, head), outdated(206, head), outdated(412), outdated(304), outdated(500)]).not.toContain(true);
  expect([outdated(200, { ...head, etag: '"b"' }), outdated(404), outdated(403)]).not.toContain(false);
});

test('only whole bodies that all may share are kept', () => {
  const storable = (status: number, headers = {}) => isStorable(answer(status), { ...head, ...headers });
  expect([storable(200), storable(200, { 'cache-control': 'public, max-age=5' })]).toEqual([true, true]);
  expect(storable(206)).toBe(false);
  expect(storable(200, { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' })).toBe(false);
  for (const value of ['no-store', 'Private', 'max-age=5, private="x"']) {
    expect(storable(200, { 'cache-control': value })).toBe(false);
  }
});

test('a range is cut from a body of the length that it is of', () => {
  const part = answer(206, { 'content-range': 'bytes 2-5/10' });
  expect(sliceOf(part, 10)).toEqual({ start: 2, end: 5 });
  expect(sliceOf(part, 11)).toBeUndefined();
  expect(sliceOf(answer(200), 10)).toEqual({ start: 0, end: 9 });
  expect(sliceOf(answer(404), 10)).toBeUndefined();
});

test('ranges are of the object as it is', () => {
  expect(usableCodings('br', false)).toEqual(['br', undefined]);
  expect(usableCodings('br', true)).toEqual([undefined]);
  expect(usableCodings(undefined, false)).toEqual([undefined]);
});
