import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppView } from '../../src/control/platform.ts';
import { exec } from '../../src/core/exec.ts';
import { cleanClone } from '../support/clean-clone.ts';
import { picture } from '../support/picture.ts';
import { TestPlatform } from '../support/test-platform.ts';

test('npm start on a clean clone ends with the URLs of the API and of the photo album', async () => {
  await using platform = await TestPlatform.create();
  const clone = await cleanClone(platform);
  const start = { cwd: clone.path, env: clone.env };
  const { stdout } = await exec(['npm', 'start'], start);
  expect(stdout).toContain(`http://127.0.0.1:${platform.apiPort}`);
  expect(stdout.trimEnd().split('\n').at(-1)).toContain(`http://photo-album.localhost:${platform.httpPort}`);

  const original = picture(randomBytes(3 * 64 * 64), 64);
  const form = new FormData();
  form.set('picture', new Blob([new Uint8Array(original)], { type: 'image/png' }), 'picture.png');
  const encoded = new Response(form);
  const uploaded = await platform.http('photo-album', '/upload', {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: new Uint8Array(await encoded.arrayBuffer()),
  });
  expect(uploaded.status).toBe(201);
  const { id, url } = JSON.parse(uploaded.body.toString()) as { id: string; url: string };
  const served = await platform.http('photo-album', `/pictures/${id}`);
  expect(digest(served.body)).toBe(digest(original));
  const presigned = await fetch(url);
  expect(digest(Buffer.from(await presigned.arrayBuffer()))).toBe(digest(original));

  await platform.run(['deploy', '--detach', join(clone.path, 'examples', 'photo-album')]);
  await platform.kill9();
  await exec(['npm', 'start'], start);
  const status = await platform.json<AppView>(['status', '--app', 'photo-album']);
  expect(status.deployment?.status).toBe('succeeded');
  expect(status.release).toBe(3); // the one that was under way, too
  expect(digest((await platform.http('photo-album', `/pictures/${id}`)).body)).toBe(digest(original));
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
