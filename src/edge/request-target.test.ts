import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hostName, parseRequestTarget } from './request-target.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

test('a name is found in any case, with or without port and final dot', () => {
  const spelling = fc.record({ name, port: fc.option(fc.nat(65535)), dot: fc.boolean(), upper: fc.boolean() });
  fc.assert(
    fc.property(spelling, ({ name, port, dot, upper }) => {
      const spelt = (upper ? name.toUpperCase() : name) + (dot ? '.' : '') + (port === null ? '' : `:${port}`);
      expect(hostName(spelt)).toBe(name);
    }),
  );
});

test('any authority gives some name, in lower case, and giving it again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'Z', '.', ':', '[', ']', '1', '@', ' ', 'é') }), (authority) => {
      const once = hostName(authority);
      expect(once).toBe(once.toLowerCase());
      expect(once.startsWith('[') || !once.includes(':')).toBe(true);
    }),
  );
});

test('IPv6 literals keep their colons', () => {
  expect(hostName('[::1]')).toBe('[::1]');
  expect(hostName('[2001:DB8::1]:7380')).toBe('[2001:db8::1]');
});

test('the host comes from the target when that is absolute, else from the only Host', () => {
  expect(parseRequestTarget('/a?b', ['Accept', '*/*', 'hOsT', 'x:1'])).toEqual({ authority: 'x:1', path: '/a?b' });
  expect(parseRequestTarget('http://y', ['Host', 'x'])).toEqual({ authority: 'y', path: '/' });
  expect(parseRequestTarget('HTTP://y:1?q', ['Host', 'x'])).toEqual({ authority: 'y:1', path: '/?q' });
  expect(parseRequestTarget('*', ['Host', 'x'])).toEqual({ authority: 'x', path: '*' });
  expect(parseRequestTarget('/', [])).toMatch('no Host');
  expect(parseRequestTarget('/', ['Host', 'x', 'Host', 'x'])).toMatch('more than one');
  expect(parseRequestTarget('ftp://y/', ['Host', 'x'])).toMatch('not a path');
});
