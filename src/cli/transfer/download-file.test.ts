import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scriptedServer } from '../../../sdk/src/testing/scripted-server.ts';
import { mountSmallDisk } from '../../../tests/support/small-disk.ts';
import { downloadFile } from './download-file.ts';
import { PART_SIZE } from './part-size.ts';
import { partialPath } from './partial-file.ts';

const MIB = 1024 * 1024;
const object = { key: 'a.bin', etag: 'none-of-md5', type: '', lastModified: new Date(), versionId: undefined };
const { signal } = new AbortController();

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-download-'));
  vi.stubEnv('XDG_STATE_HOME', join(directory, 'state'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

function store(content: Buffer) {
  return scriptedServer(({ headers }, response) => {
    const [, start, end] = /bytes=(\d+)-(\d+)/.exec(headers.range ?? '') ?? [];
    const body = content.subarray(Number(start), Number(end) + 1);
    const range = `bytes ${start}-${end}/${content.length}`;
    response.writeHead(206, { etag: `"${object.etag}"`, 'content-length': body.length, 'content-range': range });
    response.end(body);
  });
}

describe('an object whose ETag tells nothing of its bytes', () => {
  it.skipIf(process.getuid?.() !== 0)('is not taken for written where the disk had no room for its end', async () => {
    await using server = await store(randomBytes(3 * MIB));
    const small = join(directory, 'small');
    await mkdir(small);
    await using _disk = await mountSmallDisk(small, 2 * MIB);
    const download = { object: { ...object, size: 3 * MIB, metadata: {} }, path: join(small, 'a.bin'), signal };
    await expect(downloadFile(server.storage(), download)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await readdir(small)).toEqual([]);
  });

  it('is not joined to a beginning that nobody can check', async () => {
    const content = randomBytes(PART_SIZE + MIB);
    await using server = await store(content);
    const path = join(directory, 'a.bin');
    await writeFile(partialPath(path, object.etag), Buffer.alloc(MIB)); // as a power cut leaves it
    await downloadFile(server.storage(), { object: { ...object, size: content.length, metadata: {} }, path, signal });
    expect(content.equals(await readFile(path))).toBe(true);
  });
});
