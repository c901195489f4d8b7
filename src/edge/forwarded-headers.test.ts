import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bodyFraming, requestHeaders, responseHeaders, trailerFields } from './forwarded-headers.ts';

const client = { address: '::1', proto: 'http', authority: 'web.localhost:7380' } as const;
const values = (headers: readonly string[], name: string) =>
  headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);

test('end-to-end fields pass as they are, in order, repeated ones too', () => {
  const rawHeaders = ['X-b', '1', 'x-A', '2', 'Cookie', 'c', 'X-b', '3'];
  expect(requestHeaders({ rawHeaders, body: 'none', client }).slice(2, 10)).toEqual(rawHeaders);
  expect(responseHeaders(rawHeaders)).toEqual(rawHeaders);
});

test('IPv6 clients and authorities with a port are quoted in Forwarded', () => {
  const headers = requestHeaders({ rawHeaders: [], body: 'none', client });
  expect(values(headers, 'forwarded')).toEqual(['for="[::1]";host="web.localhost:7380";proto=http']);
});

test('whatever a client sends, a backend sees one framing, one host, and what we say of the client', () => {
  const field = fc.constantFrom(
    'Host',
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'TE',
    'Upgrade',
    'Keep-Alive',
    'Forwarded',
    'X-Forwarded-For',
    'X-Hop',
    'X-Kept',
  );
  const value = fc.constantFrom('close', 'x-hop, Host', 'content-length', 'chunked', '5', 'trailers', 'x');
  const rawHeaders = fc.array(fc.tuple(field, value)).map((pairs) => pairs.flat());
  const body = fc.constantFrom(7, 'chunked' as const, 'none' as const);
  fc.assert(
    fc.property(rawHeaders, body, (rawHeaders, body) => {
      const headers = requestHeaders({ rawHeaders, body, client });
      expect(values(headers, 'host')).toEqual([client.authority]);
      expect(values(headers, 'content-length')).toEqual(body === 7 ? ['7'] : []);
      expect(values(headers, 'transfer-encoding')).toEqual(body === 'chunked' ? ['chunked'] : []);
      expect(values(headers, 'x-forwarded-for')).toEqual(['::1']);
      for (const name of ['connection', 'upgrade', 'keep-alive']) expect(values(headers, name)).toEqual([]);
      const hop = values(rawHeaders, 'connection').some((text) => text.includes('x-hop'));
      if (hop) expect(values(headers, 'x-hop')).toEqual([]);
      expect(values(headers, 'x-kept')).toEqual(values(rawHeaders, 'x-kept'));
    }),
  );
});

test('a request that switches protocols says so anew', () => {
  const rawHeaders = ['Connection', 'upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Key', 'k'];
  const headers = requestHeaders({ rawHeaders, body: 'none', client, upgrade: 'websocket' });
  expect(values(headers, 'connection')).toEqual(['Upgrade']);
  expect(values(headers, 'upgrade')).toEqual(['websocket']);
  expect(values(headers, 'sec-websocket-key')).toEqual(['k']);
});

test('trailers cannot carry framing or routing', () => {
  expect(trailerFields(['X-Sum', '1', 'Content-Length', '5', 'Host', 'x', 'transfer-encoding', 'chunked'])).toEqual([
    ['X-Sum', '1'],
  ]);
});

test('framing: no length is an empty body where a body is expected', () => {
  const framing = (method: string, headers = {}, httpVersionMinor = 1) =>
    bodyFraming({ method, headers, httpVersionMinor });
  expect(framing('GET')).toBe('none');
  expect(framing('POST')).toBe(0);
  expect(framing('GET', { 'content-length': '3' })).toBe(3);
  expect(framing('POST', { 'transfer-encoding': 'Chunked' })).toBe('chunked');
  expect(framing('POST', { 'transfer-encoding': 'chunked' }, 0)).toMatchObject({ status: 400 });
  expect(framing('POST', { 'transfer-encoding': 'gzip, chunked' })).toMatchObject({ status: 501 });
  expect(framing('POST', { 'transfer-encoding': 'chunked', 'content-length': '3' })).toMatchObject({ status: 400 });
});
