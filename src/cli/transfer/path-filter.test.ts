import { expect, it } from 'vitest';
import { pathFilter } from './path-filter.ts';

it('lets the last rule that matches decide', () => {
  const counts = pathFilter([
    { include: false, pattern: '*' },
    { include: true, pattern: '*.jpg' },
    { include: false, pattern: 'private/*' },
  ]);
  expect(['a.jpg', 'deep/er/b.jpg', 'c.txt', 'private/d.jpg'].map(counts)).toEqual([true, true, false, false]);
  expect(pathFilter([])('anything')).toBe(true);
});

it.each([
  ['?.txt', 'a.txt', true],
  ['?.txt', 'ab.txt', false],
  ['[a-c]1', 'b1', true],
  ['[!a-c]1', 'b1', false],
  ['a.c', 'abc', false],
  ['a+(b)$^{c}|', 'a+(b)$^{c}|', true],
  ['[', '[', true],
  ['*x', 'new\nline x', true],
  ['🐎?', '🐎🐎', true],
])('%s and %s: %s', (pattern, path, matches) => {
  expect(pathFilter([{ include: false, pattern }])(path)).toBe(!matches);
});

it('refuses a range that runs backwards', () => {
  expect(() => pathFilter([{ include: false, pattern: '[z-a]*' }])).toThrow(
    expect.objectContaining({ code: 'usage', message: 'the pattern [z-a]* has a range that runs backwards' }),
  );
});
