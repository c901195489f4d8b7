import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Storage } from '../../sdk/src/index.ts';
import type { AppView, StorageView } from '../../src/control/api/client.ts';
import type { BucketCredentials } from '../../src/control/platform.ts';
import { exec } from '../../src/core/exec.ts';
import { TestPlatform } from '../support/test-platform.ts';

const DOMAIN = 'www.shop.example';
const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

let platform: TestPlatform;
let app: string;

/** Deploys an app of nothing but buckets, as given. */
async function deploy(name: string, resources: object): Promise<void> {
  app = join(platform.directory, name);
  await mkdir(app, { recursive: true });
  await writeFile(join(app, 'holdfast.yaml'), JSON.stringify({ app: name, resources }));
  await platform.run(['deploy'], { cwd: app });
}

/** curl, told where the name leads to; its last line is the status. */
async function curl(url: string, ...more: string[]): Promise<string> {
  const args = ['--silent', '--connect-to', `::127.0.0.1:${platform.httpPort}`, '--write-out', '\n%{http_code}', url];
  return (await exec(['curl', ...args, ...more])).stdout;
}

const put = (bucket: string, key: string, input: string, type = 'text/html') =>
  platform.run(['object-store', 'put', bucket, '-', key, '--content-type', type], { input });

const site = (properties: object) => ({ site: { type: 'bucket', properties } });
const published = {
  accessibility: 'public',
  website: { index: 'index.html', error: '404.html' },
  domains: [DOMAIN],
};

beforeAll(async () => {
  platform = await TestPlatform.start();
  await deploy('shop', site(published));
  await put('site', 'index.html', '<script src="/hello.js"></script><link rel="stylesheet" href="/style.css">');
  await put('site', 'hello.js', 'document.title = "it works"; document.write("<p>written</p>")', 'text/javascript');
  await put('site', '404.html', 'not in stock');
});
afterAll(() => platform[Symbol.asyncDispose]());

describe('a bucket of an app file', () => {
  test('is served at its domain and at a name of its own', async () => {
    const view = await platform.json<StorageView>(['object-store', 'show', 'site']);
    expect(view.url).toBe(`http://site-shop.localhost:${platform.httpPort}`);
    for (const url of [`http://${DOMAIN}/`, 'http://site-shop.localhost/', 'http://site.website.localhost/']) {
      expect(await curl(url)).toMatch(/hello\.js.*\n200$/);
    }
    expect(await curl(`http://${DOMAIN}/gone`)).toBe('not in stock\n404');
  });

  test.skipIf(chromium === undefined)('shows in a browser (needs chromium)', async () => {
    const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-gpu'];
    const profile = `--user-data-dir=${join(platform.directory, 'profile')}`;
    const resolve = `--host-resolver-rules=MAP ${DOMAIN} 127.0.0.1`;
    const url = `http://${DOMAIN}:${platform.httpPort}/`;
    const args = ['--headless=new', '--no-sandbox', ...quiet, profile, resolve, '--dump-dom', url];
    const { stdout } = await exec([chromium ?? '', ...args]);
    expect(stdout).toContain('<p>written</p>');
    expect(stdout).toContain('<title>it works</title>');
  });

  test('follows its website configuration, set from the CLI', async () => {
    const rules = [{ Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: 'new/' } }];
    const website = { IndexDocument: { Suffix: 'index.html' }, RoutingRules: rules };
    await platform.run(['object-store', 'website', 'set', 'site', '-'], { input: JSON.stringify(website) });
    expect(await curl(`http://${DOMAIN}/old/a`, '--write-out', '%{redirect_url}')).toContain(`http://${DOMAIN}/new/a`);
    await platform.run(['object-store', 'website', 'unset', 'site']);
    expect(await curl(`http://${DOMAIN}/`)).toMatch(/404$/);
  });

  test('gives its domain to another bucket of the app, and to no other app', async () => {
    await deploy('shop', { next: { type: 'bucket', properties: published } });
    await put('next', 'index.html', 'the next one');
    expect(await curl(`http://${DOMAIN}/`)).toBe('the next one\n200');

    await mkdir(join(platform.directory, 'rival'));
    await writeFile(
      join(platform.directory, 'rival', 'holdfast.yaml'),
      JSON.stringify({ app: 'rival', resources: { mine: { type: 'bucket', properties: published } } }),
    );
    const refused = await platform.cli(['deploy'], { cwd: join(platform.directory, 'rival') });
    expect(refused.code).not.toBe(0);
    expect(refused.stdout + refused.stderr).toContain(`${DOMAIN} is the domain of the bucket next already`);
    expect(await curl(`http://${DOMAIN}/`)).toBe('the next one\n200');
  });

  test('is closed, and its names lead nowhere, once the file says so', async () => {
    await deploy('shop', { next: { type: 'bucket', properties: {} } });
    for (const host of [DOMAIN, 'next-shop.localhost'])
      expect(await curl(`http://${host}/`)).toMatch(/No app.*\n404$/s);
    expect(await curl('http://next.website.localhost/')).toMatch(/403$/);
    expect((await platform.cli(['object-store', 'website', 'get', 'next'])).stderr).toContain(
      'does not have a website',
    );
    const [next] = (await platform.json<AppView>(['status', '--app', 'shop'])).storage.filter(
      ({ name }) => name === 'next',
    );
    expect(next).toMatchObject({ state: 'active', url: null });
  });
});

test('a bucket of no app has a name too, and its domain', async () => {
  const domains = ['--custom-domain', 'www.fair.example', '--custom-domain', 'fair.example'];
  const args = ['object-store', 'create', '--public', ...domains, 'fair'];
  const { url } = await platform.json<StorageView>(args);
  expect(url).toBe(`http://fair.website.localhost:${platform.httpPort}`);
  await put('fair', 'page', 'welcome');
  for (const host of ['fair.example', 'www.fair.example']) {
    expect(await curl(`http://${host}/page`)).toBe('welcome\n200');
  }
  expect(await curl(`${url}/page`)).toBe('welcome\n200');
  expect(await curl(`${url}/`)).toMatch(/the bucket fair has no index document.*404$/s);

  const second = ['object-store', 'create', 'second', '--public'];
  const taken = await platform.cli([...second, '--custom-domain', 'fair.example']);
  expect(taken.stderr).toContain('fair.example is the domain of the bucket fair already');
  await platform.run([...second, '--app', 'another']); // the name is as free as if nobody had tried
});

test('a bucket of no app is opened, limited, given a domain, and closed again', async () => {
  const store = (...argv: string[]) => platform.cli(['object-store', ...argv]);
  await platform.run(['object-store', 'create', 'stall', '--website', '--quota', '1MB']);
  await put('stall', 'index.html', 'open');
  await store('versioning', 'stall', 'enabled'); // not by the platform, which leaves it alone
  const taken = await store('update', 'stall', '--public', '--custom-domain', 'fair.example');
  expect(taken.stderr).toContain('fair.example is the domain of the bucket fair already');
  expect(await curl('http://stall.website.localhost/')).toMatch(/403$/);
  const opened = await store('update', 'stall', '--public', '--custom-domain', 'stall.example', '--quota', '2MB');
  expect([opened.code, opened.stdout]).toEqual([0, expect.stringMatching(/^size +2 MB$/m)]);
  expect(await curl('http://stall.example/')).toBe('open\n200');
  await store('update', 'stall', '--quota', 'none');
  expect(await curl('http://stall.example/')).toBe('open\n200');
  expect((await store('update', 'stall', '--private', '--custom-domain', 'none')).stdout).toMatch(/^size +-$/m);
  expect(await curl('http://stall.website.localhost/')).toMatch(/403$/);
  expect(await curl('http://stall.example/')).toMatch(/404$/);
  expect((await store('versioning', 'stall')).stdout).toBe('enabled\n');
  expect((await store('update', 'stall')).stderr).toContain('nothing is to be changed');
  expect((await store('update', 'next', '--private')).stderr).toContain('are in the app file of shop');
  await store('destroy', 'stall', '--yes');
  expect((await store('update', 'stall', '--public')).stderr).toContain('is destroyed');
});

test('a bucket that an app file has no longer is closed and opened by commands', async () => {
  const show = () => platform.json<StorageView>(['object-store', 'show', 'site']);
  expect(await show()).toMatchObject({ state: 'detached', app: 'shop' });
  expect(await curl('http://site.website.localhost/hello.js')).toMatch(/200$/);
  await platform.run(['object-store', 'update', 'site', '--private', '--quota', '1MB']);
  expect(await curl('http://site.website.localhost/hello.js')).toMatch(/403$/);
  expect(await show()).toMatchObject({ state: 'detached', sizeBytes: 1e6 });
  await deploy('shop', { next: { type: 'bucket', properties: {} }, ...site(published) }); // what the file says, holds again
  expect(await curl('http://site.website.localhost/hello.js')).toMatch(/200$/);
  expect(await show()).toMatchObject({ state: 'active', sizeBytes: null });
});

test('a destroyed bucket is shown to nobody until it is recovered, and its domain is free', async () => {
  await platform.run(['object-store', 'create', 'fete', '--public', '--custom-domain', 'fete.example']);
  await put('fete', 'page', 'welcome back');
  await platform.run(['object-store', 'versioning', 'fete', 'enabled']); // the platform is not told of it
  const { bucket, ...options } = await platform.json<BucketCredentials>(['object-store', 'keys', 'fete']);
  const storage = new Storage(bucket, options);
  await platform.run(['object-store', 'destroy', 'fete', '--yes']);
  await expect(storage.put('late', 'lost with the bucket')).rejects.toThrow('the bucket "fete" was destroyed');
  await expect(storage.get('page')).rejects.toThrow('the bucket "fete" was destroyed');
  for (const command of ['put fete - late', 'ls fete', 'fork fete feast']) {
    const refused = await platform.cli(['object-store', ...command.split(' ')], { input: 'lost with the bucket' });
    expect(refused.stderr).toContain('`holdfast object-store recover fete`');
  }
  expect(await curl('http://fete.website.localhost/page')).toMatch(/403$/);
  expect(await curl('http://fete.example/page')).toMatch(/404$/);
  await platform.run(['object-store', 'create', 'feast', '--custom-domain', 'fete.example']);
  const taken = await platform.cli(['object-store', 'recover', 'fete']);
  expect(taken.stderr).toContain('fete.example is the domain of the bucket feast already');
  expect(await curl('http://fete.website.localhost/page')).toMatch(/403$/);
  await platform.run(['object-store', 'destroy', 'feast', '--now', '--yes']);
  await platform.run(['object-store', 'recover', 'fete']);
  expect(await curl('http://fete.example/page')).toBe('welcome back\n200');
  await storage.put('late', 'kept');
  expect(await platform.run(['object-store', 'versioning', 'fete'])).toBe('enabled\n');
});

test('websites outlive a killed object store and a killed edge', async () => {
  await put('fair', 'page', 'still here');
  for (const role of ['objects', 'edge']) {
    await platform.killRole(role);
    await expect
      .poll(() => curl('http://fair.example/page').catch(String), { timeout: 60_000 })
      .toBe('still here\n200');
  }
});
