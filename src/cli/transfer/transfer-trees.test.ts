import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { scriptedServer } from '../../../sdk/src/testing/scripted-server.ts';
import { TargetDirectory } from './target-directory.ts';
import { transferTrees } from './transfer-trees.ts';

const KEYS = ['Cat.jpg', 'Cats/one.jpg'];

it('deletes no name that is another spelling of what the source has, where names fold', async () => {
  const root = await mkdtemp(join(tmpdir(), 'holdfast-sync-'));
  const folds = vi.spyOn(TargetDirectory.prototype, 'foldsNames').mockResolvedValue(true);
  const headers = { etag: '"0cc175b9c0f1b6a831c399e269772661"', 'content-length': 1, 'content-range': 'bytes 0-0/1' };
  await using server = await scriptedServer(({ url }, response) => {
    const listed = KEYS.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('');
    if (url.includes('list-type')) return void response.end(`<ListBucketResult>${listed}</ListBucketResult>`);
    response.writeHead(206, headers).end('a');
  });
  try {
    await mkdir(join(root, 'cats'));
    for (const name of ['cat.jpg', 'cats/one.jpg', 'dog.jpg']) await writeFile(join(root, name), 'old');
    const report = await transferTrees({
      from: { kind: 'bucket', storage: server.storage(), prefix: '' },
      to: { kind: 'directory', path: root },
      counts: () => true,
      compare: 'time',
      follow: false,
      delete: true,
      dryRun: false,
      signal: new AbortController().signal,
      confirmAll: async () => {},
      onProgress: () => {},
    });
    expect(report).toMatchObject({ copied: [{}, {}], deleted: ['dog.jpg'], kept: [], failed: [] });
    // Here they are two names; where they fold they are one.
    expect((await readdir(root)).sort()).toEqual(['Cat.jpg', 'Cats', 'cat.jpg', 'cats']);
  } finally {
    folds.mockRestore();
    await rm(root, { recursive: true });
  }
});
