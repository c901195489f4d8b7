import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { scriptedServer } from '../../../sdk/src/testing/scripted-server.ts';
import { TargetDirectory } from './target-directory.ts';
import { type TreeTransfer, transferTrees } from './transfer-trees.ts';

const KEYS = ['Cat.jpg', 'Cats/one.jpg'];

const deleting: Omit<TreeTransfer, 'from' | 'to'> = {
  counts: () => true,
  compare: 'time',
  follow: false,
  delete: true,
  dryRun: false,
  signal: new AbortController().signal,
  confirmAll: async () => {},
  onProgress: () => {},
};

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
      ...deleting,
      from: { kind: 'bucket', storage: server.storage(), prefix: '' },
      to: { kind: 'directory', path: root },
    });
    expect(report).toMatchObject({ copied: [{}, {}], deleted: ['dog.jpg'], kept: [], failed: [] });
    // Here they are two names; where they fold they are one.
    expect((await readdir(root)).sort()).toEqual(['Cat.jpg', 'Cats', 'cat.jpg', 'cats']);
  } finally {
    folds.mockRestore();
    await rm(root, { recursive: true });
  }
});

describe('two runs at once into one bucket', () => {
  const listing = (...keys: string[]) =>
    `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e-${key}"</ETag></Contents>`).join('')}</ListBucketResult>`;

  it('what another one copies while this one reads is not extra', async () => {
    let isListed = false;
    const more = '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>1</NextContinuationToken>';
    await using target = await scriptedServer(({ url }, response) => {
      isListed = url.includes('continuation-token'); // the second page has what the other has copied meanwhile
      response.end(isListed ? listing('new') : `${more}</ListBucketResult>`);
    });
    // What is in the target came from the source: who reads that first knows less of it.
    await using source = await scriptedServer((_, response) => {
      response.end(isListed ? listing('new') : listing());
    });
    const report = await transferTrees({
      ...deleting,
      compare: 'checksum',
      from: { kind: 'bucket', storage: source.storage(), prefix: '' },
      to: { kind: 'bucket', storage: target.storage(), prefix: '' },
    });
    expect(report).toMatchObject({ deleted: [], kept: [], failed: [] });
    expect(target.seen.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('what another one has put in the place of something extra stays, and is told', async () => {
    await using source = await scriptedServer((_, response) => void response.end(listing()));
    await using target = await scriptedServer(({ url }, response) => {
      if (url.includes('list-type')) return void response.end(listing('p/gone', 'p/other', 'p/written'));
      const error = (key: string, code: string) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`;
      const errors = error('p/written', 'PreconditionFailed') + error('p/gone', 'NoSuchKey');
      response.end(`<DeleteResult>${errors}</DeleteResult>`);
    });
    const report = await transferTrees({
      ...deleting,
      from: { kind: 'bucket', storage: source.storage(), prefix: '' },
      to: { kind: 'bucket', storage: target.storage(), prefix: 'p/' },
    });
    expect(target.seen.at(-1)?.body.toString()).toContain('<Key>p/written</Key><ETag>e-p/written</ETag>');
    const failed = [{ path: 'written', reason: 'it was written while the transfer ran' }];
    expect(report).toMatchObject({ deleted: ['gone', 'other'], kept: [], failed });
  });
});
