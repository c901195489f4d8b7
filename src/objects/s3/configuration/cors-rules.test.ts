import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildXml } from '../xml.ts';
import { parseXml } from '../xml-document.ts';
import { type CorsRule, corsRulesXml, matchRule, readCorsRules } from './cors-rules.ts';

const read = (rules: string) =>
  readCorsRules(parseXml(`<CORSConfiguration>${rules}</CORSConfiguration>`, 'CORSConfiguration'));
const rule = (more: Partial<CorsRule>): CorsRule => ({
  origins: ['*'],
  methods: ['GET'],
  headers: [],
  exposed: [],
  ...more,
});
const simple = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>';

test('the first rule that covers all decides', () => {
  const rules = [
    rule({ id: 'put', origins: ['https://a.example'], methods: ['PUT'] }),
    rule({ id: 'headers', origins: ['https://*.example'], methods: ['PUT'], headers: ['x-amz-*'] }),
    rule({ id: 'get' }),
  ];
  const id = (origin: string, method: string, ...headers: string[]) =>
    matchRule(rules, { origin, method, headers })?.id;
  expect(id('https://a.example', 'PUT')).toBe('put');
  expect(id('https://a.example', 'PUT', 'x-amz-acl')).toBe('headers');
  expect(id('https://a.example', 'PUT', 'x-amz-acl', 'content-type')).toBeUndefined();
  expect(id('https://a.example.org', 'PUT')).toBeUndefined();
  expect(id('https://anything', 'GET')).toBe('get');
  expect(id('https://anything', 'GET', 'x-amz-acl')).toBeUndefined();
  expect(id('https://a.example', 'DELETE')).toBeUndefined();
});

test.each([
  ['', 's3.malformed-xml'],
  ['<CORSRule></CORSRule>', 's3.malformed-xml'],
  ['<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod></CORSRule>', 's3.invalid-request'],
  ['<CORSRule><AllowedOrigin>*.*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>', 's3.invalid-request'],
  [`<CORSRule>${simple}<AllowedHeader>x-*-*</AllowedHeader></CORSRule>`, 's3.invalid-request'],
  [`<CORSRule>${simple}<AllowedHeader>x y</AllowedHeader></CORSRule>`, 's3.invalid-request'],
  [`<CORSRule>${simple}<AllowedHeader></AllowedHeader></CORSRule>`, 's3.invalid-request'],
  [`<CORSRule>${simple}<ExposeHeader>*</ExposeHeader></CORSRule>`, 's3.invalid-request'],
  [`<CORSRule>${simple}<ExposeHeader>a\r\nb</ExposeHeader></CORSRule>`, 's3.invalid-request'],
  [`<CORSRule>${simple}<MaxAgeSeconds>soon</MaxAgeSeconds></CORSRule>`, 's3.malformed-xml'],
  [`<CORSRule>${simple}<ID>${'x'.repeat(256)}</ID></CORSRule>`, 's3.invalid-request'],
  [`<CORSRule>${simple}</CORSRule>`.repeat(101), 's3.malformed-xml'],
  [
    `<CORSRule><AllowedOrigin>${'x'.repeat(70_000)}</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>`,
    's3.malformed-xml',
  ],
])('%.90s is refused', (xml, code) => {
  expect(() => read(xml)).toThrow(expect.objectContaining({ code }));
});

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
const pattern = fc.tuple(token, fc.constantFrom('', '*'), token).map((parts) => parts.join(''));
const anyRule: fc.Arbitrary<CorsRule> = fc.record({
  id: fc.option(token, { nil: undefined }),
  origins: fc.array(
    fc.oneof(
      fc.constant('*'),
      pattern.map((name) => `https://${name}`),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'PUT', 'HEAD', 'POST', 'DELETE'), { minLength: 1 }),
  headers: fc.array(pattern, { maxLength: 3 }),
  exposed: fc.array(token, { maxLength: 2 }),
  maxAge: fc.option(fc.nat(86_400), { nil: undefined }),
});

test('what is written is read again as it was', () => {
  fc.assert(
    fc.property(fc.array(anyRule, { minLength: 1, maxLength: 5 }), (rules) => {
      const xml = buildXml('CORSConfiguration', corsRulesXml(rules));
      expect(readCorsRules(parseXml(xml, 'CORSConfiguration'))).toEqual(rules);
    }),
  );
});

test('agrees with regular expressions on what a rule covers', () => {
  const covers = (patterns: readonly string[], text: string) =>
    patterns.some((one) => new RegExp(`^${one.replaceAll(/[.?]/g, '\\$&').replaceAll('*', '.*')}$`).test(text));
  const request = fc.record({
    origin: fc.oneof(token, pattern).map((name) => `https://${name.replaceAll('*', 'x')}`),
    method: fc.constantFrom('GET', 'PUT', 'PATCH'),
    headers: fc.array(
      pattern.map((name) => name.replaceAll('*', '')),
      { maxLength: 2 },
    ),
  });
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 4 }), request, (rules, asked) => {
      const expected = rules.find(
        ({ origins, methods, headers }) =>
          covers(origins, asked.origin) &&
          methods.includes(asked.method) &&
          asked.headers.every((name) => covers(headers, name)),
      );
      expect(matchRule(rules, asked)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});
