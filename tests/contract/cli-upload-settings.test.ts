import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';

/** What `holdfast object-store put` makes of a file beside its bytes. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);
const stat = async (key: string) => JSON.parse((await store(['stat', 'images', key, '--json'])).stdout);

const SETTINGS = ['--metadata', 'Author=Ärzte', '--metadata', 'a=b=c', '--tag', 'of=me', '--acl', 'public-read'];
const HEADERS = ['--content-disposition', 'attachment; filename="cat.jpg"', '--content-encoding', 'gzip'];
const MADE = {
  contentDisposition: 'attachment; filename="cat.jpg"',
  contentEncoding: 'gzip',
  metadata: { author: 'Ärzte', a: 'b=c' },
  tags: { of: 'me' },
};

beforeAll(async () => {
  bed = await startCliObjects();
  await mkdir(join(bed.directory, 'pets/old'), { recursive: true });
  for (const name of ['cat', 'old/dog']) await writeFile(join(bed.directory, 'pets', name), 'bytes');
});
afterAll(() => bed[Symbol.asyncDispose]());

it('gives a file, the input and a file by parts what is asked for', async () => {
  await writeFile(join(bed.directory, 'large'), Buffer.alloc(9 * 1024 * 1024));
  const runs = [['pets/cat'], ['-', 'input'], ['large']];
  for (const file of runs) {
    const put = await store(['put', 'images', ...file, ...SETTINGS, ...HEADERS], { input: 'bytes' });
    expect(put).toMatchObject({ code: 0 });
  }
  for (const key of ['cat', 'input', 'large']) {
    const about = await stat(key);
    const { mtime, ...metadata } = about.metadata;
    expect({ ...about, metadata }).toMatchObject(MADE);
    expect(typeof mtime).toBe(key === 'input' ? 'undefined' : 'string');
    const answer = await fetch(`${bed.api.platform.s3?.endpoint}/images/${key}`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, 'gzip']);
  }
});

it('gives it to every file of a directory, the type too', async () => {
  const put = await store(['put', 'images', 'pets', '-r', '--content-type', 'image/jpeg', ...SETTINGS]);
  expect(put).toMatchObject({ code: 0 });
  for (const key of ['pets/cat', 'pets/old/dog'])
    expect(await stat(key)).toMatchObject({ type: 'image/jpeg', metadata: MADE.metadata, tags: MADE.tags });
});

it('says what cannot be asked for', async () => {
  const put = async (...words: string[]) => {
    const { code, stderr } = await store(['put', 'images', 'pets/cat', 'refused', ...words]);
    return [code, stderr];
  };
  expect(await put('--metadata', 'a b=c')).toEqual([2, expect.stringContaining('cannot be a metadata name')]);
  expect(await put('--tag', 'a')).toEqual([2, expect.stringContaining('write name=value')]);
  expect(await put('--acl', 'open')).toEqual([2, expect.stringContaining('private, public-read, authenticated-read')]);
  expect(await store(['stat', 'images', 'refused'])).toMatchObject({ code: 3 });
});

it('says what no header can hold', async () => {
  const put = (value: string) =>
    store(['put', 'images', '-', 'named', '--content-disposition', `attachment; filename="${value}"`], { input: 'x' });
  for (const value of ['größe.jpg', '5€.jpg', 'two\nlines'])
    expect(await put(value)).toMatchObject({ code: 2, stderr: expect.stringContaining('as content-disposition') });
});
