import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { signForm } from '../support/post-form.ts';
import { startClientBench } from '../support/s3-client-program.ts';

/** One of the names that distributions give it. */
const chromium = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name)))
  .find((path) => existsSync(path));

/** A page of another origin with a form, which it fills in and sends; the store sends the browser back to it. */
test.skipIf(chromium === undefined)('a browser uploads a file by form and is sent on (needs chromium)', async () => {
  await using bench = await startClientBench('forms');
  const size = 3_000_000;
  let page = '';
  const server = createServer((_req, res) => res.setHeader('content-type', 'text/html').end(page));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const fields = signForm(bench.operator, {
    bucket: 'forms',
    expiresAt: Date.now() + 600_000, // a browser may take a while to start
    fields: {
      key: `in/\${filename}`,
      'Content-Type': 'text/plain',
      'x-amz-meta-who': 'жук',
      success_action_redirect: `${url}done`,
    },
    conditions: [
      ['starts-with', '$key', 'in/'],
      ['content-length-range', 1, size],
    ],
  });
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  page = `<body><form method="post" enctype="multipart/form-data" action="${bench.store.endpoint}/forms">${inputs.join('')}
    <input type="file" name="file"></form><script>
    if (location.pathname === '/done') document.body.textContent = 'result:' + location.search;
    else {
      const chosen = new DataTransfer();
      chosen.items.add(new File(['x'.repeat(${size})], 'a "file" é.txt'));
      document.querySelector('[type=file]').files = chosen.files;
      document.forms[0].submit();
    }
  </script></body>`;
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--virtual-time-budget=5000'];
  const profile = `--user-data-dir=${join(bench.home, 'profile')}`;
  const { stdout } = await exec([chromium ?? '', ...flags, ...quiet, profile, '--dump-dom', url], {
    env: { PATH: process.env.PATH ?? '', HOME: bench.home },
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(stdout).toContain('result:?bucket=forms&amp;key=in%2Fa+%22file%22+%C3%A9.txt');
  const head = await bench.s3.send(new HeadObjectCommand({ Bucket: 'forms', Key: 'in/a "file" é.txt' }));
  expect(head).toMatchObject({ ContentLength: size, ContentType: 'text/plain' });
});
