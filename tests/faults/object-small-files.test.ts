import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startObjectsProcess } from '../support/objects-process.ts';
import { signedRequest } from '../support/signed-request.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Whatever lies beside the store in the role's directory, and who follows its journal. */
const FILES = [
  'access-keys.json',
  'access-keys.json.copy',
  'webhooks.json',
  'webhooks.json.copy',
  'scrub.json',
  'events.db',
  'events.db-wal',
  'store/consumers.json',
  'store/session',
];

test('the role serves what it stores, whatever is left of its small files', async () => {
  await using temporary = await temporaryDirectory();
  const { path: directory } = temporary;
  const path = '/data/object';
  const body = new Uint8Array([1, 2, 3]);
  {
    await using objects = await startObjectsProcess('data', directory);
    expect((await signedRequest(objects, { method: 'PUT', path, body })).status).toBe(200);
  }
  for (const left of ['', '{"version":2,', 'null', '[]', '\0'.repeat(5000)]) {
    for (const file of FILES) await writeFile(join(directory, file), left);
    await using objects = await startObjectsProcess('data', directory);
    const { status, bytes } = await signedRequest(objects, { method: 'GET', path });
    expect([status, ...bytes], `with ${JSON.stringify(left.slice(0, 20))}`).toEqual([200, ...body]);
  }
  expect(await readdir(directory)).toEqual(
    expect.arrayContaining(['access-keys.json.damaged', 'webhooks.json.damaged', 'events.db.damaged']),
  );
});
