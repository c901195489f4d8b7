import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Keyring } from '../../src/core/keyring.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { findIndexDamage } from '../../src/objects/engine/catalog/index-check.ts';
import { INDEX_FILE } from '../../src/objects/engine/catalog/index-file.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import { flipBit, rootOf } from '../support/index-pages.ts';
import { type ObjectsProcess, startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { signedRequest } from '../support/signed-request.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Enough that the index has inner pages. */
const OBJECTS = 300;
const HIGHEST_BYTE_OF_TRANSACTION = 15;
/** As the role's program has it. */
const keyring = new Keyring(Buffer.alloc(32, 7));

const indexOf = (directory: string) => join(directory, 'store', 'index', INDEX_FILE);
const send = (to: { readonly port: number }, { key }: ObjectsProcess, method: string, name: string) =>
  signedRequest(
    { port: to.port, key },
    { method, path: `/data/${name}`, ...(method === 'PUT' && { body: bytes(name) }) },
  );
const bytes = (name: string) => new Uint8Array(Buffer.from(`of ${name}`));
const isAlive = (pid: number) =>
  access(`/proc/${pid}/exe`).then(
    () => true,
    () => false,
  );

async function filled(directory: string): Promise<void> {
  const store = await openObjectStore({ directory: join(directory, 'store'), keyring });
  await store.createBucket('data');
  const metadata = { contentType: 'text/plain', headers: {}, user: {} };
  const keys = Array.from({ length: OBJECTS }, (_, i) => `key-${i}`);
  await Promise.all(keys.map((key) => store.put({ bucket: 'data', key, body: Buffer.from(bytes(key)), metadata })));
  await store.close();
}

/** The same file as long as it is the same. */
const inode = async (path: string) => (await stat(path)).ino;

test('a store that damage in its index has killed starts again, with all that it held', async () => {
  await using temporary = await temporaryDirectory();
  const { path: directory } = temporary;
  await filled(directory);
  const first = await startObjectsProcess('data', directory);
  // LMDB writes on in a page that seems to be of its transaction, which is no memory to write to.
  await flipBit(indexOf(directory), (await rootOf(indexOf(directory))) + HIGHEST_BYTE_OF_TRANSACTION, 7);
  await using gateway = await startGatewayProcess(first);
  await send(first, first, 'PUT', 'killer');
  await waitUntil(async () => !(await isAlive(first.pid)), { timeoutMs: 60_000, what: 'the store to die' });
  expect((await send(gateway, first, 'GET', 'key-1')).status).toBe(503);

  await using second = await startObjectsProcess('data', directory);
  for (let i = 0; i < OBJECTS; i += 7)
    expect((await send(second, second, 'GET', `key-${i}`)).bytes).toEqual(Buffer.from(bytes(`key-${i}`)));
  expect((await send(second, second, 'GET', 'killer')).status).toBe(200);
  const hasStore = async () => (await send(gateway, first, 'GET', 'key-1')).status === 200;
  await waitUntil(hasStore, { timeoutMs: 60_000, what: 'the gateway to have the store again' });
  expect(await readdir(join(directory, 'store'))).not.toContain('index.damaged');
});

test('an index of a store that was killed again and again is kept', async () => {
  await using temporary = await temporaryDirectory();
  const { path: directory } = temporary;
  await filled(directory);
  const made = await inode(indexOf(directory));
  for (let round = 0; round < 6; round++) {
    await using objects = await startObjectsProcess('data', directory);
    await Promise.all(Array.from({ length: 40 }, (_, i) => send(objects, objects, 'PUT', `key-${i}`)));
    process.kill(objects.pid, 'SIGKILL');
  }
  expect(await findIndexDamage(indexOf(directory))).toBeUndefined();
  await using objects = await startObjectsProcess('data', directory);
  expect((await send(objects, objects, 'GET', 'key-1')).status).toBe(200);
  expect(await inode(indexOf(directory))).toBe(made);
});
