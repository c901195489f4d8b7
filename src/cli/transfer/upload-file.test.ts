import { mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fail, scriptedServer } from '../../../sdk/src/testing/scripted-server.ts';
import { PART_SIZE } from './part-size.ts';
import { uploadFile } from './upload-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-upload-'));
  vi.stubEnv('XDG_STATE_HOME', join(directory, 'state'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

/** Takes parts, and an upload for complete; before the answer to any part, `onPart` once. */
async function store(onPart: () => Promise<void>) {
  let onFirst: Promise<void> | undefined;
  return scriptedServer(async ({ method, url }, response) => {
    if (url.endsWith('?uploads=')) return void response.end('<R><UploadId>u</UploadId></R>');
    if (method === 'PUT') {
      onFirst ??= onPart();
      await onFirst;
    }
    if (method === 'PUT') return void response.writeHead(200, { etag: '"e"' }).end();
    response.end('<R><ETag>"e-2"</ETag></R>');
  });
}

it.each(['a file of the same size and time', 'another file'])('%s in its place is not mixed with it', async (kind) => {
  const path = join(directory, 'a.bin');
  await writeFile(path, Buffer.alloc(6 * PART_SIZE, 'a'));
  const { mtime } = await stat(path);
  await utimes(path, mtime, mtime);
  await writeFile(`${path}.new`, Buffer.alloc(6 * PART_SIZE, 'b'));
  if (kind !== 'another file') await utimes(`${path}.new`, mtime, mtime);
  await using server = await store(() => rename(`${path}.new`, path));
  await expect(uploadFile(server.storage(), { key: 'a.bin', path })).rejects.toThrow('it changed while it was read');
  expect(server.seen.filter(({ method, url }) => method === 'POST' && url.includes('uploadId'))).toEqual([]);
});

it('a file that is on its way already is sent by itself, by whichever path it is named', async () => {
  const path = join(directory, 'a.bin');
  await writeFile(path, Buffer.alloc(2 * PART_SIZE, 'a'));
  let second: Promise<unknown> | undefined;
  await using server = await store(async () => {
    second = uploadFile(server.storage(), { key: 'a.bin', path: relative(process.cwd(), path) });
    await vi.waitFor(() => expect(begun()).toBe(2)).catch(() => {}); // told below
  });
  const begun = () => server.seen.filter(({ url }) => url.endsWith('?uploads=')).length;
  await uploadFile(server.storage(), { key: 'a.bin', path });
  await second;
  expect(begun()).toBe(2);
});

it.each([
  ['with the same', { settings: {}, customerKey: undefined, goesOn: true }],
  ['to be tagged otherwise', { settings: { tags: { a: '1' } }, customerKey: undefined, goesOn: false }],
  ['under another key', { settings: {}, customerKey: Buffer.alloc(32), goesOn: false }],
])('an upload that was interrupted, now %s', async (_, { settings, customerKey, goesOn }) => {
  const path = join(directory, 'a.bin');
  await writeFile(path, Buffer.alloc(2 * PART_SIZE, 'a'));
  await using broken = await scriptedServer(({ method, url }, response) => {
    if (url.endsWith('?uploads=')) return void response.end('<R><UploadId>u1</UploadId></R>');
    if (method === 'PUT') return fail(response, 400, 'InvalidRequest');
    if (method === 'DELETE') return void response.writeHead(204).end();
    response.end(method === 'GET' ? '<ListPartsResult/>' : '<R><UploadId>u2</UploadId></R>');
  });
  const upload = { key: 'a.bin', path };
  await expect(uploadFile(broken.storage(), upload)).rejects.toThrow();
  const before = broken.seen.length;
  await expect(uploadFile(broken.storage({ customerKey }), { ...upload, settings })).rejects.toThrow();
  const asked = broken.seen.slice(before).map(({ method, url }) => `${method} ${url.replace(/^.*\?/, '')}`);
  expect(asked[0]).toBe(goesOn ? 'GET uploadId=u1' : 'DELETE uploadId=u1');
  expect(asked.includes('POST uploads=')).toBe(!goesOn);
});

it('a file that changes after it was read whole is stored as it was', async () => {
  const path = join(directory, 'a.txt');
  await writeFile(path, 'before');
  await using server = await store(() => writeFile(path, 'after'));
  await uploadFile(server.storage(), { key: 'a.txt', path });
  expect(server.seen.map(({ body }) => body.toString())).toEqual(['before']);
});
