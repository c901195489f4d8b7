import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { createUploadStore } from './uploads.ts';

async function* bytes(...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

it('removes what nobody has claimed for a day, and nothing else', async () => {
  await using temporary = await temporaryDirectory();
  const directory = join(temporary.path, 'uploads');
  const store = createUploadStore({ directory, maxBytes: 100 });
  const [forgotten, recent, claimed] = [
    await store.receive(bytes('forgotten'), {}),
    await store.receive(bytes('recent'), {}),
    await store.receive(bytes('cl', 'aimed'), {}),
  ];
  const path = await store.claim(claimed.id);
  const dayAndMore = new Date(Date.now() - 25 * 3600e3);
  for (const file of [join(directory, `${forgotten.id}.upload`), path]) await utimes(file, dayAndMore, dayAndMore);
  await store.receive(bytes('another'), {});

  await expect(store.claim(forgotten.id)).rejects.toMatchObject({ code: 'upload.not-found' });
  expect(await readFile(await store.claim(recent.id), 'utf8')).toBe('recent');
  expect(await readFile(path, 'utf8')).toBe('claimed');
});

it('gives an upload to one of those who claim it at once', async () => {
  await using temporary = await temporaryDirectory();
  const store = createUploadStore({ directory: temporary.path, maxBytes: 100 });
  const { id } = await store.receive(bytes('x'), {});
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => store.claim(id)));
  expect(claims.filter((claim) => claim.status === 'fulfilled')).toHaveLength(1);
});

it('leaves nothing when the body breaks off', async () => {
  await using temporary = await temporaryDirectory();
  const store = createUploadStore({ directory: temporary.path, maxBytes: 100 });
  const broken = (async function* () {
    yield Buffer.from('half');
    throw new Error('aborted');
  })();
  await expect(store.receive(broken, {})).rejects.toThrow('aborted');
  expect(await readdir(temporary.path)).toEqual([]);
});
