import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { sampleApp } from '../support/sample-app.ts';
import { startProcess } from '../support/started-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { repository } from '../support/test-platform.ts';

/** The package as npm delivers it: packed, installed without a network, imported in both ways. */

const run = promisify(execFile);
let store: TestObjectStore;
let directory: TemporaryDirectory;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  store = await startObjectStore('my-app-images');
  directory = await temporaryDirectory();
  environment = { ...process.env, ...(await store.environment('my-app-images')) };
  await npm(['run', 'build', '--workspace', 'sdk'], repository);
  await npm(['pack', '--workspace', 'sdk', '--pack-destination', directory.path], repository);
  await writeFile(join(directory.path, 'package.json'), '{ "name": "consumer", "private": true }');
  await npm(['install', '--offline', './holdfast-storage-0.1.0.tgz'], directory.path);
});

afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

test('it brings nothing but itself', async () => {
  const installed = join(directory.path, 'node_modules', '@holdfast', 'storage');
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  expect(manifest).not.toHaveProperty('dependencies');
  const { stdout } = await run('ls', [join(directory.path, 'node_modules'), installed]);
  expect(stdout.split(/\s+/)).not.toContain('src');
});

test.each([
  ['esm.mjs', "import { Storage, StorageError } from '@holdfast/storage';"],
  ['cjs.cjs', "const { Storage, StorageError } = require('@holdfast/storage');"],
])('%s', async (file, load) => {
  const script = `${load}
    const main = async () => {
      const storage = new Storage('my-app-images');
      await storage.put('${file}', 'hello', { metadata: { a: 'b' } });
      const { body, type, metadata } = await storage.get('${file}');
      const viaUrl = await (await fetch(storage.url('${file}'))).text();
      const missing = await storage.get('absent');
      let named = '';
      try { delete process.env.AWS_ACCESS_KEY_ID; new Storage('x'); } catch (e) { if (e instanceof StorageError) named = e.message; }
      console.log(JSON.stringify([body.toString(), type, metadata, viaUrl, missing, named.includes('AWS_ACCESS_KEY_ID')]));
    };
    main();`;
  await writeFile(join(directory.path, file), script);
  const { stdout } = await run(process.execPath, [file], { cwd: directory.path, env: environment });
  const type = 'text/javascript; charset=utf-8';
  expect(JSON.parse(stdout)).toEqual(['hello', type, { a: 'b' }, 'hello', null, true]);
});

test('both ways and the browser entry have types', async () => {
  const source = `import { Storage, type StoredObject } from '@holdfast/storage';
    import { upload } from '@holdfast/storage/browser';
    const storage = new Storage('images');
    export const url: string = storage.url('a', { expiresIn: 60 });
    export const got: Promise<StoredObject | null> = storage.get('a');
    export const sent: Promise<{ readonly etag: string | null }> = upload(storage.uploadUrl('a'), 'text');
    // @ts-expect-error: a number is no key
    storage.head(1);`;
  await writeFile(join(directory.path, 'typed.mts'), source);
  await writeFile(join(directory.path, 'typed.cts'), source);
  const types = join(repository, 'node_modules', '@types');
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--types', 'node', '--typeRoots', types];
  const tsc = join(repository, 'node_modules', '.bin', 'tsc');
  await run(tsc, [...flags, 'typed.mts', 'typed.cts'], { cwd: directory.path }).catch((error) => {
    throw new Error(error.stdout);
  });
});

test('the Express app of seed 001 works with the package name changed', async () => {
  const sample = await sampleApp('seed-001', directory.path);
  await using server = await startProcess([process.execPath, 'main.cjs'], {
    cwd: sample.path,
    env: { ...environment, PORT: '0', NODE_PATH: join(repository, 'node_modules') },
  });
  const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Array.from({ length: 3000 }, (_, i) => i % 256)]);
  const form = new FormData();
  form.set('profilePic', new Blob([picture], { type: 'image/jpeg' }), 'me.jpg');
  expect((await fetch(`${server.firstLine}/images/42/profile.jpg`)).status).toBe(404);

  const answer = await (await fetch(`${server.firstLine}/upload`, { method: 'POST', body: form })).text();
  const url = /^File uploaded to: (http\S+)$/.exec(answer)?.[1] ?? '';
  for (const address of [url, `${server.firstLine}/images/42/profile.jpg`]) {
    const response = await fetch(address);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(Buffer.from(await response.arrayBuffer()).equals(picture)).toBe(true);
  }
});

/** One of the names that distributions give it. */
const chromium = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name)))
  .find((path) => existsSync(path));

test.skipIf(chromium === undefined)('a browser uploads to an upload URL, with progress (needs chromium)', async () => {
  const data = 'x'.repeat(300_000);
  const received: { type: string | undefined; length: number }[] = [];
  const modules = join(directory.path, 'node_modules', '@holdfast', 'storage', 'dist', 'esm');
  const page = `<body><script type="module">
    import { upload } from './browser.js';
    let seen = 0;
    const onProgress = ({ loaded, total }) => { seen = loaded / total; };
    const { etag } = await upload('/bucket/key', 'x'.repeat(${data.length}), { contentType: 'image/png', onProgress });
    const refused = await upload('/refused', 'x').catch((error) => error.name + error.status);
    const aborted = await upload('/bucket/key', 'x', { signal: AbortSignal.abort('no') }).catch((reason) => reason);
    document.body.textContent = 'result:' + [etag, seen, refused, aborted].join();
  </script></body>`;
  const server = createServer(async (req, res) => {
    if (req.method === 'GET' && req.url === '/') return res.setHeader('content-type', 'text/html').end(page);
    if (req.method === 'GET')
      return res.setHeader('content-type', 'text/javascript').end(await readFile(join(modules, 'browser.js')));
    const body = await buffer(req);
    if (req.url === '/refused') return res.writeHead(403).end();
    received.push({ type: req.headers['content-type'], length: body.length });
    res.setHeader('etag', '"e1"').end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--virtual-time-budget=5000'];
  const profile = `--user-data-dir=${join(directory.path, 'profile')}`;
  const { stdout } = await run(chromium ?? '', [...flags, ...quiet, profile, '--dump-dom', url]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(stdout).toContain('result:e1,1,UploadError403,no');
  expect(received).toEqual([{ type: 'image/png', length: data.length }]);
});

/** npm of the machine, run by the Node of this process. */
async function npm(args: readonly string[], cwd: string): Promise<void> {
  await run('npm', [...args, '--loglevel=error'], { cwd });
}
