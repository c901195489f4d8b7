import { randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { dataFiles } from '../support/data-files.ts';
import { startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { signedRequest } from '../support/signed-request.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = process.getuid?.() === 0;
const DISK_BYTES = 256 * 2 ** 20;
const OBJECT_BYTES = 8_000_000;

test.skipIf(!root)(
  '(needs root to mount) a gateway refuses on a full disk what it would write, and leaves none of it',
  async () => {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory());
    const disk = stack.use(await mountSmallDisk(path, DISK_BYTES));
    const directory = join(disk.path, 'objects');
    await mkdir(directory);
    const objects = stack.use(await startObjectsProcess('data', directory));
    const { port } = stack.use(await startGatewayProcess(objects));
    const request = (method: string, name: string, body?: Uint8Array<ArrayBuffer>) =>
      signedRequest({ port, key: objects.key }, { method, path: `/data/${name}`, ...(body && { body }) });
    const filesThere = () => dataFiles(join(directory, 'store'));

    const content = randomBytes(OBJECT_BYTES);
    let kept = 0;
    let refused = await request('PUT', `${kept}`, content);
    for (; refused.status === 200; refused = await request('PUT', `${kept}`, content)) kept++;
    expect(kept).toBeGreaterThan(5);
    expect(refused.status).toBe(503);
    expect(refused.bytes.toString()).toContain('<Code>ServiceUnavailable</Code>');
    await waitUntil(async () => (await filesThere()).length === kept, {
      timeoutMs: 60_000,
      what: 'what was written to go',
    });
    for (const file of await filesThere()) expect((await stat(file)).size).toBeGreaterThan(OBJECT_BYTES);

    for (let i = 0; i < kept; i++) expect((await request('GET', `${i}`)).bytes.equals(content)).toBe(true);
    expect((await request('DELETE', '0')).status).toBe(204);
    const again = async () => (await request('PUT', 'again', content)).status === 200;
    await waitUntil(again, { timeoutMs: 60_000, what: 'the room that was made' });
    expect((await request('GET', 'again')).bytes.equals(content)).toBe(true);
  },
);
