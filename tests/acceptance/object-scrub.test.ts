import { open, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import type { ScrubView } from '../../src/control/scrub-view.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { INDEX_FILE } from '../../src/objects/engine/catalog/index-file.ts';
import { dataFiles } from '../support/data-files.ts';
import { flipBit, rootOf } from '../support/index-pages.ts';
import { TestPlatform } from '../support/test-platform.ts';

test('a damaged object is found by the check and named by the CLI', async () => {
  await using platform = await TestPlatform.start();
  await platform.run(['object-store', 'create', 'data', '--app', 'a']);
  const put = (key: string) =>
    platform.run(['object-store', 'put', 'data', '-', key], { input: `${key} `.repeat(100_000) });
  await put('whole');
  await put('rotten');
  expect(await platform.run(['object-store', 'scrub'])).toContain('--start');
  const check = async () => {
    const before = (await platform.json<ScrubView>(['object-store', 'scrub'])).last?.finishedAt;
    await platform.run(['object-store', 'scrub', '--start']);
    return await waitUntil(
      async () => {
        const { last } = await platform.json<ScrubView>(['object-store', 'scrub']);
        return last && last.finishedAt !== before ? last : undefined;
      },
      { timeoutMs: 60_000, what: 'the end of the check' },
    );
  };
  expect(await check()).toMatchObject({ objects: 2, damagedCount: 0, damaged: [] });

  const files = await dataFiles(join(platform.dataDirectory, 'objects', 'store'));
  const [, newest] = files.toSorted((a, b) => (basename(a) < basename(b) ? -1 : 1));
  if (!newest) throw new Error('no data file');
  await using file = await open(newest, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 1000);
  await file.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, 1000);
  const { objects, damaged } = await check();
  expect(objects).toBe(2);
  expect(damaged.map(({ key }) => key)).toEqual(['rotten']);
  expect(await platform.run(['object-store', 'scrub'])).toMatch(/1 damaged[\s\S]*rotten/);

  await platform.run(['down']);
  for (const name of ['webhooks.json', 'webhooks.json.copy']) {
    await writeFile(join(platform.dataDirectory, 'objects', name), '{"version":1,"webh');
  }
  const index = join(platform.dataDirectory, 'objects', 'store', 'index', INDEX_FILE);
  await flipBit(index, (await rootOf(index)) + 18); // what kind of page it is
  await platform.up();
  const told = await platform.run(['object-store', 'scrub']);
  expect(told).toContain('webhooks.json.damaged');
  expect(told).toMatch(/The index was damaged \(.+\) and was built anew from the journal/);
});
