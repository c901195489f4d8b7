import { describe, expect, test } from 'vitest';
import { directoryIndex, type RoutingRule, route, routeMiss, type Website, type WebsiteRequest } from './website.ts';

const site: Website = { index: 'index.html', error: '404.html' };
const asked = (key: string, query = ''): WebsiteRequest => ({ key, query, protocol: 'http', host: 'a.example:80' });
const missing = { status: 404, isDirectory: false };
const object = (key: string) => ({ kind: 'object', key });
const redirect = (status: number, location: string) => ({ kind: 'redirect', status, location });

describe('a website', () => {
  test('shows the index where a path ends in a slash, and keys as they are', () => {
    expect(route(site, asked(''))).toEqual(object('index.html'));
    expect(route(site, asked('docs/'))).toEqual(object('docs/index.html'));
    expect(route(site, asked('docs'))).toEqual(object('docs'));
    expect(route({}, asked('docs/'))).toEqual(object('docs/'));
  });

  test('sends to the slash where a missing key is a directory with an index', () => {
    expect(directoryIndex(site, 'docs')).toBe('docs/index.html');
    expect([directoryIndex(site, ''), directoryIndex(site, 'docs/'), directoryIndex({}, 'docs')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(routeMiss(site, asked('my docs', '?a=1'), { status: 404, isDirectory: true })).toEqual(
      redirect(302, '/my%20docs/?a=1'),
    );
    expect(routeMiss(site, asked('/evil.example'), { status: 404, isDirectory: true })).toEqual(
      redirect(302, '/%2Fevil.example/'),
    );
  });

  test('shows its error document with the status of the error', () => {
    expect(routeMiss(site, asked('x'), missing)).toEqual({ kind: 'error', status: 404, document: '404.html' });
    expect(routeMiss({}, asked('x'), { ...missing, status: 403 })).toEqual({
      kind: 'error',
      status: 403,
      document: undefined,
    });
  });

  test('can be nothing but a redirect', () => {
    const all: Website = { redirectAll: { host: 'b.example', protocol: 'https' } };
    expect(route(all, asked('a b/c', '?q'))).toEqual(redirect(301, 'https://b.example/a%20b/c?q'));
    expect(route({ redirectAll: { host: 'b.example' } }, asked(''))).toEqual(redirect(301, 'http://b.example/'));
  });
});

describe('routing rules', () => {
  const ruled = (...rules: RoutingRule[]): Website => ({ ...site, rules });

  test('of prefixes come before the object; the first that matches decides', () => {
    const rules = ruled(
      { when: { prefix: 'docs/' }, redirect: { replacePrefix: 'documents/' } },
      { when: { prefix: 'docs/' }, redirect: { host: 'never.example' } },
      { when: { prefix: 'old.html' }, redirect: { replaceKey: 'new.html', status: 307 } },
    );
    expect(route(rules, asked('docs/a#b', '?v=1'))).toEqual(redirect(301, 'http://a.example:80/documents/a%23b?v=1'));
    expect(route(rules, asked('old.html'))).toEqual(redirect(307, 'http://a.example:80/new.html'));
    expect(route(rules, asked('other'))).toEqual(object('other'));
  });

  test('without a condition send everything away', () => {
    const rules = ruled({ redirect: { host: 'b.example', protocol: 'https', status: 302 } });
    expect(route(rules, asked('x/y'))).toEqual(redirect(302, 'https://b.example/x/y'));
  });

  test('of an error come after it, and their prefix holds too', () => {
    const rules = ruled({ when: { prefix: 'images/', status: 404 }, redirect: { replacePrefix: 'fallback/#!/' } });
    expect(route(rules, asked('images/a'))).toEqual(object('images/a'));
    expect(routeMiss(rules, asked('images/a', '?q'), missing)).toEqual(
      redirect(301, 'http://a.example:80/fallback/#!/a'),
    );
    expect(routeMiss(rules, asked('images/a'), { ...missing, status: 403 })).toMatchObject({ kind: 'error' });
    expect(routeMiss(rules, asked('other'), missing)).toMatchObject({ kind: 'error' });
  });
});
