import { expect, it } from 'vitest';
import { compareTrees, filesThatAreDirectories, inTheWay } from './sync-plan.ts';
import { foldedAway, whyNoPath } from './target-directory.ts';
import type { Entry, Notice, Tree } from './tree.ts';

const entry = (path: string, size = 1): Entry => ({ path, size: path.endsWith('/') ? 0 : size, modified: 0 });
const tree = (paths: readonly string[], skipped: readonly Notice[] = []): Tree => ({
  entries: new Map(paths.map((path) => [path, entry(path)])),
  skipped,
  unreadable: [],
});
const all = { counts: () => true, deletes: false };
const paths = (entries: readonly Entry[]) => entries.map(({ path }) => path);

it('tells what is missing, alike, different and extra', () => {
  const source = tree(['same', 'new', 'grown', 'empty/', 'full/', 'filled/x']);
  const target = tree(['same', 'grown', 'gone', 'full/x', 'filled/']);
  const grown = { ...target, entries: new Map([...target.entries, ['grown', entry('grown', 2)]]) };
  const found = compareTrees(source, grown, all);
  expect(paths(found.missing)).toEqual(['new', 'empty/', 'filled/x']);
  expect(found.alike.map(({ source: { path } }) => path)).toEqual(['same']);
  expect(paths(found.different)).toEqual(['grown']);
  expect(paths(found.extra)).toEqual(['gone', 'full/x']);
});

it('makes a directory anew that only what is deleted had held', () => {
  const missing = (deletes: boolean) => compareTrees(tree(['d/']), tree(['d/gone']), { ...all, deletes }).missing;
  expect([paths(missing(true)), paths(missing(false))]).toEqual([['d/'], []]);
});

it('counts nothing as extra that is excluded, or left out of the source', () => {
  const source = tree([], [{ path: 'link', reason: 'a link' }]);
  const target = tree(['link', 'link/below', 'a.log', 'a.txt']);
  expect(paths(compareTrees(source, target, { ...all, counts: (path) => !path.endsWith('.log') }).extra)).toEqual([
    'a.txt',
  ]);
});

it('finds what stands in the way of what is written', () => {
  const extra = ['a/b', 'c', 'd/', 'e'].map((path) => entry(path));
  const written = ['a', 'c/x', 'd', 'f'].map((path) => entry(path));
  expect(paths(inTheWay(extra, written))).toEqual(['a/b', 'c', 'd/']);
  expect(paths(filesThatAreDirectories(tree(['a', 'a/b', 'c', 'c/', 'd'])))).toEqual(['a', 'c']);
});

it('gives one name to one key where names fold', () => {
  const keys = ['a', 'A', 'dir/x', 'DIR/y', 'é'.normalize('NFC'), 'é'.normalize('NFD'), 'b'].map((path) => entry(path));
  expect([...foldedAway(keys)]).toEqual(['A', 'DIR/y', 'é'.normalize('NFD')]);
});

it.each(['..', 'a/..', '../a', './a', 'a/./b', '/a', 'a//b', '/', 'a\0b', `${'x'.repeat(256)}`])(
  '%j is no path',
  (key) => {
    expect(whyNoPath(key)).toBeTypeOf('string');
  },
);

it.each(['a', 'a/b', 'a/', '...', '..a/b..', ' ', '%2e%2e/x', '~', 'x'.repeat(255)])('%j is a path', (key) => {
  expect(whyNoPath(key)).toBeUndefined();
});
