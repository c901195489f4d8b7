import { expect, test } from 'vitest';
import { evaluateConditions, readConditions, readWriteConditions } from './preconditions.ts';

const info = { etag: 'abc', lastModified: Date.parse('2026-01-02T00:00:00.500Z') };
const BEFORE = 'Thu, 01 Jan 2026 00:00:00 GMT';
const SAME = 'Fri, 02 Jan 2026 00:00:00 GMT';

test.each([
  [{}, 'proceed'],
  [{ 'if-match': '"abc"' }, 'proceed'],
  [{ 'if-match': 'abc' }, 'proceed'],
  [{ 'if-match': '"x", "abc"' }, 'proceed'],
  [{ 'if-match': '*' }, 'proceed'],
  [{ 'if-match': '"x"' }, 'failed'],
  [{ 'if-none-match': '"abc"' }, 'not-modified'],
  [{ 'if-none-match': 'W/"abc"' }, 'not-modified'],
  [{ 'if-none-match': '"x"' }, 'proceed'],
  [{ 'if-modified-since': SAME }, 'not-modified'],
  [{ 'if-modified-since': BEFORE }, 'proceed'],
  [{ 'if-unmodified-since': SAME }, 'proceed'],
  [{ 'if-unmodified-since': BEFORE }, 'failed'],
  [{ 'if-unmodified-since': 'yesterday' }, 'proceed'],
  [{ 'if-modified-since': 'yesterday' }, 'proceed'],
  // S3 API, GetObject: the ETag outweighs the date.
  [{ 'if-match': '"abc"', 'if-unmodified-since': BEFORE }, 'proceed'],
  [{ 'if-none-match': '"x"', 'if-modified-since': SAME }, 'proceed'],
  [{ 'if-none-match': '"abc"', 'if-modified-since': BEFORE }, 'not-modified'],
  [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 'failed'],
])('%j: %s', (headers, expected) => {
  expect(evaluateConditions(readConditions(new Map(Object.entries(headers))), info)).toBe(expected);
});

test('the conditions of a copy source have names of their own', () => {
  const headers = new Map([
    ['if-match', '"x"'],
    ['x-amz-copy-source-if-none-match', '"abc"'],
  ]);
  expect(evaluateConditions(readConditions(headers, 'x-amz-copy-source-'), info)).toBe('not-modified');
});

test('writes know If-Match with an ETag and If-None-Match with a star', () => {
  expect(readWriteConditions(new Map())).toBeUndefined();
  expect(readWriteConditions(new Map([['if-match', '"abc"']]))).toEqual({ ifMatch: 'abc' });
  expect(readWriteConditions(new Map([['if-none-match', '*']]))).toEqual({ ifNoneMatch: '*' });
  for (const [name, value] of [
    ['if-none-match', '"abc"'],
    ['if-unmodified-since', SAME],
  ] as const) {
    expect(() => readWriteConditions(new Map([[name, value]]))).toThrow(
      expect.objectContaining({ code: 's3.not-implemented' }),
    );
  }
});
