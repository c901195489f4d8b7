import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppView } from '../../src/control/platform.ts';
import { exec } from '../../src/core/exec.ts';
import { repository, TestPlatform } from '../support/test-platform.ts';

test('npm start on a clean clone ends with the URLs of the API and of the photo album', async () => {
  await using platform = await TestPlatform.create();
  const clone = join(platform.directory, 'clone');
  await exec(['git', 'clone', '--quiet', repository, clone]);
  const { HOME: _own, ...holdfast } = platform.env;
  const env = { ...process.env, ...holdfast, PATH: machinePath() }; // npm is configured as on the machine
  const { stdout } = await exec(['npm', 'start'], { cwd: clone, env });
  expect(stdout).toContain(`http://127.0.0.1:${platform.apiPort}`);
  expect(stdout.trimEnd().split('\n').at(-1)).toContain(`http://photo-album.localhost:${platform.httpPort}`);

  const picture = await randomPicture();
  const form = new FormData();
  form.set('picture', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'picture.png');
  const encoded = new Response(form);
  const uploaded = await platform.http('photo-album', '/upload', {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: new Uint8Array(await encoded.arrayBuffer()),
  });
  expect(uploaded.status).toBe(201);
  const { id, url } = JSON.parse(uploaded.body.toString()) as { id: string; url: string };
  const served = await platform.http('photo-album', `/pictures/${id}`);
  expect(digest(served.body)).toBe(digest(picture));
  const presigned = await fetch(url);
  expect(digest(Buffer.from(await presigned.arrayBuffer()))).toBe(digest(picture));

  await exec(['npm', 'start'], { cwd: clone, env });
  const status = await platform.json<AppView>(['status', '--app', 'photo-album']);
  expect(status.deployment?.status).toBe('succeeded');
  expect(digest((await platform.http('photo-album', `/pictures/${id}`)).body)).toBe(digest(picture));
});

/** PATH as on a fresh machine, without the pinned Node that runs this test. */
function machinePath(): string {
  return (process.env.PATH ?? '')
    .split(':')
    .filter((directory) => !directory.includes('node_modules'))
    .join(':');
}

/** A valid PNG of noise: uncompressed deflate blocks around random pixels. */
async function randomPicture(): Promise<Buffer> {
  const { crc32, deflateSync } = await import('node:zlib');
  const [width, height] = [64, 64];
  const rows = Array.from({ length: height }, () => Buffer.concat([Buffer.of(0), randomBytes(width * 3)]));
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
