import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  hashCanonicalRequest,
  uriEncode,
} from './canonical-request.ts';

test.each([
  ['/', '/'],
  ['/a/../b/./c//d/', '/a/../b/./c//d/'],
  ['/a b+c', '/a%20b%2Bc'],
  ["/!'()*~", '/%21%27%28%29%2A~'],
  ['/ü', '/%C3%BC'],
  ['/100%', '/100%25'],
])('encodes the path %s once, without normalising it', (path, expected) => {
  expect(canonicalPath(path)).toBe(expected);
});

test('sorts the query by encoded name, then value, and leaves the signature out', () => {
  const query = [
    ['b', '2'],
    ['a', 'x y'],
    ['X-Amz-Signature', 'f00'],
    ['b', '1'],
    ['é', ''],
    ['a-b', '/'],
  ] as const;
  expect(canonicalQuery(query)).toBe('%C3%A9=&a=x%20y&a-b=%2F&b=1&b=2');
});

test('trims header values and folds their spaces; an absent one counts as empty', () => {
  const headers = new Map([
    ['host', '  h '],
    ['x-amz-meta-a', 'one   two'],
  ]);
  expect(canonicalHeaders(headers, ['host', 'range', 'x-amz-meta-a'])).toBe('host:h\nrange:\nx-amz-meta-a:one two\n');
});

test('hashes the bytes that were sent, also those outside ASCII', () => {
  const onTheWire = Buffer.from('grün').toString('latin1');
  const head = { method: 'GET', path: '/', query: [], headers: new Map([['x-amz-meta-a', onTheWire]]) };
  const text = 'GET\n/\n\nx-amz-meta-a:grün\n\nx-amz-meta-a\nUNSIGNED-PAYLOAD';
  expect(hashCanonicalRequest(canonicalRequest(head, ['x-amz-meta-a'], 'UNSIGNED-PAYLOAD'))).toBe(
    createHash('sha256').update(text, 'utf8').digest('hex'),
  );
});

test('encoding can be undone, and leaves only unreserved characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeURIComponent(uriEncode(text))).toBe(text);
      expect(uriEncode(text)).toMatch(/^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
    }),
  );
});
