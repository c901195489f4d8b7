import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, delimiter, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Storage } from '../../sdk/src/index.ts';
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
  await writeFile(join(directory.path, 'package.json'), '{ "name": "consumer", "private": true }');
  await npm(['pack', join(repository, 'sdk')], directory.path); // as the README has it; it builds
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

describe.skipIf(chromium === undefined)('in a browser (needs chromium)', () => {
  test('a file goes to an upload URL, with progress', async () => {
    const received: { type: string | undefined; length: number }[] = [];
    const script = `
      let seen = 0;
      const onProgress = ({ loaded, total }) => { seen = loaded / total; };
      const { etag } = await upload('/bucket/key', 'x'.repeat(300000), { contentType: 'image/png', onProgress });
      const refused = await upload('/refused', 'x').catch((error) => error.name + error.status);
      const aborted = await upload('/bucket/key', 'x', { signal: AbortSignal.abort('no') }).catch((reason) => reason);
      return [etag, seen, refused, aborted];`;
    const result = await inBrowser(script, async (req, res) => {
      const body = await buffer(req);
      if (req.url === '/refused') return void res.writeHead(403).end();
      received.push({ type: req.headers['content-type'], length: body.length });
      res.setHeader('etag', '"e1"').end();
    });
    expect(result).toEqual(['e1', 1, 'UploadError403', 'no']);
    expect(received).toEqual([{ type: 'image/png', length: 300_000 }]);
  });

  test('a large file goes by parts to the object store, past a failure, and on after it was stopped', async () => {
    const key = await store.environment('my-app-images');
    const storage = new Storage('my-app-images', {
      endpoint: store.endpoint,
      accessKeyId: key.AWS_ACCESS_KEY_ID,
      secretAccessKey: key.AWS_SECRET_ACCESS_KEY,
    });
    const size = 20 * 1024 * 1024 + 5;
    const plan = await storage.uploadPlan('from browser é.bin', { size, metadata: { by: 'me' }, contentType: 'x/y' });
    const small = await storage.uploadPlan('small.txt', { size: 5 });
    const unwanted = await storage.uploadPlan('unwanted.bin', { size });
    expect([plan.multipart?.partUrls.length, small.multipart]).toEqual([3, undefined]);
    const [first = '', second = '', third = ''] = plan.multipart?.partUrls ?? [];
    const asked: string[] = [];
    const through = { ...plan, multipart: { ...plan.multipart, partUrls: [first, '/part/2', third] } };
    const script = `
      const plan = ${JSON.stringify(through)};
      const bytes = new Uint8Array(${size}).map((_, i) => (i * 7 + (i >> 13)) & 255);
      const file = new Blob([bytes]);
      const stop = new AbortController();
      const seen = [];
      const onProgress = ({ loaded, total }) => {
        seen.push(loaded);
        if (loaded >= 8 * 2 ** 20 && !stop.signal.aborted) stop.abort('stopped');
      };
      const stopped = await upload(plan, file, { onProgress, signal: stop.signal, concurrency: 1 }).catch((e) => e);
      const wrong = await upload(plan, 'short').catch((error) => error.message);
      const { etag } = await upload(plan, file, { onProgress: ({ loaded }) => seen.push(loaded) });
      await upload(${JSON.stringify(small)}, 'hello');
      const again = await upload(plan, file, { retries: 0 }).catch((error) => error.status);
      await abandon(${JSON.stringify(unwanted)});
      return [stopped, wrong, etag, seen.at(-1), again];`;
    const [stopped, wrong, etag, loaded, again] = await inBrowser(script, async (req, res) => {
      asked.push(req.method ?? '');
      const body = await buffer(req);
      if (asked.length === 1) return void res.writeHead(503).end();
      res.writeHead((await fetch(second, { method: 'PUT', body: new Uint8Array(body) })).status).end();
    });
    expect([stopped, wrong, loaded, again]).toEqual([
      'stopped',
      `the plan is for ${size} bytes, the file has 5`,
      size,
      404,
    ]);
    expect(asked).toEqual(['PUT', 'PUT']);
    const stored = await storage.get('from browser é.bin');
    expect(stored).toMatchObject({ size, etag, type: 'x/y', metadata: { by: 'me' } });
    expect(stored?.body.every((byte, i) => byte === ((i * 7 + (i >> 13)) & 255))).toBe(true);
    expect((await storage.get('small.txt'))?.body.toString()).toBe('hello');
    expect((await fetch(unwanted.multipart?.listUrl ?? '')).status).toBe(404);
    // The size of the plan is the only one that is taken.
    const larger = await fetch(small.url ?? '', {
      method: 'PUT',
      body: 'hello!',
      headers: { 'content-type': small.contentType },
    });
    expect(larger.status).toBe(403);
  });

  /** What a module script gives back that has `upload` of the package; other requests than for modules go to `answer`. */
  async function inBrowser(script: string, answer: (req: IncomingMessage, res: ServerResponse) => Promise<void>) {
    const modules = join(directory.path, 'node_modules', '@holdfast', 'storage', 'dist', 'esm');
    const page = `<body><script type="module">
      import { abandon, upload } from './browser.js';
      const run = async () => { ${script} };
      const result = await run().catch((error) => String(error));
      document.body.textContent = 'result:' + encodeURIComponent(JSON.stringify(result)) + ':end';
    </script></body>`;
    const server = createServer(async (req, res) => {
      if (req.method !== 'GET') return answer(req, res);
      if (req.url === '/') return void res.setHeader('content-type', 'text/html; charset=utf-8').end(page);
      res.setHeader('content-type', 'text/javascript');
      res.end(await readFile(join(modules, basename(req.url ?? ''))).catch(() => ''));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    const quiet = ['--disable-background-networking', '--disable-component-update', '--virtual-time-budget=60000'];
    const profile = `--user-data-dir=${await mkdtemp(join(directory.path, 'profile-'))}`;
    const { stdout } = await run(chromium ?? '', [...flags, ...quiet, profile, '--dump-dom', url]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const [, result] = /result:(.*):end/.exec(stdout) ?? [];
    if (result === undefined) throw new Error(`the page gave nothing: ${stdout.slice(0, 500)}`);
    return JSON.parse(decodeURIComponent(result));
  }
});

/** npm of the machine, run by the Node of this process. */
async function npm(args: readonly string[], cwd: string): Promise<void> {
  await run('npm', [...args, '--loglevel=error'], { cwd });
}
