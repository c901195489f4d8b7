import { createHash, randomBytes } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { AppView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { picture } from '../support/picture.ts';
import { showLogsOnFailure } from '../support/platform-logs.ts';
import { SampleApp } from '../support/sample-app.ts';
import { repository, TestPlatform } from '../support/test-platform.ts';

const CLIENTS = 3;

test('the album is redeployed while clients upload and read: no request fails, every picture stays', async () => {
  await using platform = await TestPlatform.start({ machineHome: true });
  showLogsOnFailure(platform);
  const app = new SampleApp(join(platform.directory, 'album'));
  await cp(join(repository, 'examples', 'photo-album'), app.path, { recursive: true });
  await platform.run(['deploy', app.path]);

  const failures: string[] = [];
  const uploads = new Map<string, string>();
  let stopped = false;
  const client = async () => {
    while (!stopped) {
      const bytes = picture(randomBytes(3 * 32 * 32), 32);
      const { status, body } = await upload(platform, bytes).catch((error) => ({ status: 0, body: String(error) }));
      if (status !== 201) failures.push(`upload: ${status} ${body}`);
      else {
        const { id } = JSON.parse(body) as { id: string };
        uploads.set(id, digest(bytes));
        const read = await platform.http('photo-album', `/pictures/${id}`);
        if (digest(read.body) !== digest(bytes)) failures.push(`read ${id}: ${read.status}`);
      }
      await sleep(20);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  await waitUntil(() => uploads.size > 20, { timeoutMs: 60_000, what: 'the first uploads' });
  for (const title of ['Second', 'Third']) {
    await app.edit('src/server.ts', /^/, `// ${title} release\n`);
    await platform.run(['deploy', app.path]);
  }
  const before = uploads.size;
  await waitUntil(() => uploads.size > before + 20, { timeoutMs: 60_000, what: 'uploads to the last release' });
  stopped = true;
  await Promise.all(clients);

  expect(failures).toEqual([]);
  for (const [id, expected] of uploads) {
    expect(digest((await platform.http('photo-album', `/pictures/${id}`)).body)).toBe(expected);
  }
  await waitUntil(async () => (await counts(platform)).thumbnails >= uploads.size, {
    timeoutMs: 300_000, // the slower the deploys, the more there are
    intervalMs: 200,
    what: 'a thumbnail of every picture',
  });
  const status = await platform.json<AppView>(['status', '--app', 'photo-album']);
  expect(status.release).toBe(3);
});

async function upload(platform: TestPlatform, bytes: Buffer): Promise<{ status: number; body: string }> {
  const form = new FormData();
  form.set('picture', new Blob([new Uint8Array(bytes)], { type: 'image/png' }), 'picture.png');
  const encoded = new Response(form);
  const { status, body } = await platform.http('photo-album', '/upload', {
    method: 'POST',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: new Uint8Array(await encoded.arrayBuffer()),
  });
  return { status, body: body.toString() };
}

async function counts(platform: TestPlatform): Promise<{ thumbnails: number }> {
  const { body } = await platform.http('photo-album', '/api/status');
  return JSON.parse(body.toString()) as { thumbnails: number };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
