import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Storage } from '../../sdk/src/index.ts';
import { pathFilter } from '../../src/cli/transfer/path-filter.ts';
import type { Target } from '../../src/cli/transfer/side.ts';
import { type TransferReport, transferTrees } from '../../src/cli/transfer/transfer-trees.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Whatever the trees are: after a sync with --delete they are equal, and another one does nothing. */

let store: TestObjectStore;
let storages: readonly [Storage, Storage];

beforeAll(async () => {
  store = await startObjectStore('one', 'two');
  const key = await store.admin.ensureKey({ owner: 'operator', buckets: '*' });
  const options = { endpoint: store.endpoint, ...key };
  storages = [new Storage('one', options), new Storage('two', options)];
});
afterAll(() => store?.[Symbol.asyncDispose]());

type RandomTree = ReadonlyMap<string, string | undefined>;

const name = fc.constantFrom('a', 'b', 'A', 'é', 'e\u0301', '%41', 'a b', '+&?#', '...', '-', '日本');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
/** By path, without files that have others below them; `undefined` is an empty directory. */
const tree: fc.Arbitrary<RandomTree> = fc
  .array(fc.tuple(path, fc.option(fc.string({ maxLength: 3 }), { nil: undefined })), { maxLength: 8 })
  .map((entries) => {
    const all = new Map(entries);
    return new Map([...all].filter(([own]) => ![...all.keys()].some((other) => other.startsWith(`${own}/`))));
  });

let clock = 1_600_000_000;

async function write(root: string, content: RandomTree): Promise<void> {
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  for (const [own, text] of content) {
    if (text === undefined) await mkdir(join(root, own), { recursive: true });
    else {
      await mkdir(dirname(join(root, own)), { recursive: true });
      await writeFile(join(root, own), text);
      clock += 1;
      await utimes(join(root, own), clock, clock); // no two files have one time by chance
    }
  }
}

async function read(root: string): Promise<Record<string, string | null>> {
  const found: Record<string, string | null> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[full.slice(root.length)] = await readFile(full, 'utf8');
    else if ((await readdir(full)).length === 0) found[full.slice(root.length)] = null;
  }
  return found;
}

function sync(from: Target, to: Target): Promise<TransferReport> {
  return transferTrees({
    from,
    to,
    counts: pathFilter([]),
    compare: 'time',
    follow: false,
    delete: true,
    dryRun: false,
    signal: new AbortController().signal,
    confirmAll: async () => {},
    onProgress: () => {},
  });
}

test('equal after one run, nothing to do after it: up, across and down', async () => {
  await using directory = await temporaryDirectory();
  const [up, down] = [join(directory.path, 'up'), join(directory.path, 'down')];
  const sides: readonly Target[] = [
    { kind: 'directory', path: up },
    { kind: 'bucket', storage: storages[0], prefix: '' },
    { kind: 'bucket', storage: storages[1], prefix: 'é prefix/' },
    { kind: 'directory', path: down },
  ];
  const something = tree.filter(({ size }) => size > 0); // a prefix with nothing under it is refused as a source
  const property = fc.asyncProperty(something, tree, async (source, before) => {
    await write(up, source);
    await write(down, before);
    for (const [i, to] of sides.slice(1).entries()) {
      const from = sides[i] as Target;
      expect((await sync(from, to)).failed).toEqual([]);
      expect(await sync(from, to)).toMatchObject({ copied: [], deleted: [], failed: [] });
    }
    expect(await read(down)).toEqual(await read(up));
  });
  await fc.assert(property, { numRuns: 40, endOnFailure: true });
});
