import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AppView, StorageView } from '../../src/control/platform.ts';
import { sampleApp } from '../support/sample-app.ts';
import { type CliResult, TestPlatform } from '../support/test-platform.ts';

/** Each mistake gives an error that says what to do, an exit code that is not 0, and nothing half-made. */

let platform: TestPlatform;
beforeAll(async () => {
  platform = await TestPlatform.start();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
});

function expectRefused(result: CliResult, message: RegExp, hint: RegExp): void {
  expect(result.code).not.toBe(0);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(hint);
  expect(result.stderr).not.toMatch(/ {4}at /); // no stack trace
}

const nothingIsThere = async () => {
  expect(await platform.json<AppView[]>(['apps', 'list'])).toEqual([]);
  expect(await platform.json<StorageView[]>(['volumes', 'list'])).toEqual([]);
};

test('a typo in the app file', async () => {
  const app = await sampleApp('notes-app', platform.directory);
  await app.edit('holdfast.yaml', 'healthCheck:', 'healthCheckk:');
  const result = await platform.cli(['deploy', app.path]);
  expectRefused(result, /holdfast\.yaml:12:\d+.*healthCheckk/s, /healthCheck\b/);
  await nothingIsThere();
  await rm(app.path, { recursive: true });
});

test('no app file', async () => {
  const empty = join(platform.directory, 'empty');
  await mkdir(empty, { recursive: true });
  expectRefused(await platform.cli(['deploy', empty]), /no .*holdfast\.yaml/i, /holdfast launch|resources:/);
  await nothingIsThere();
});

test('a directory that does not exist', async () => {
  expectRefused(await platform.cli(['deploy', join(platform.directory, 'nowhere')]), /nowhere/, /./);
});

test('a region that does not exist', async () => {
  const result = await platform.cli(['volumes', 'create', 'data', '--region', 'ewx', '--size', '25']);
  expectRefused(result, /no region "ewx"/, /ewr/);
  await nothingIsThere();
});

test('a size that is none', async () => {
  const result = await platform.cli(['volumes', 'create', 'data', '--size', 'big']);
  expectRefused(result, /"big"/, /25GB/);
  await nothingIsThere();
});

test('a wrong token', async () => {
  const result = await platform.cli(['status'], {
    env: { HOLDFAST_URL: `http://127.0.0.1:${platform.apiPort}`, HOLDFAST_TOKEN: 'wrong' },
  });
  expectRefused(result, /token/i, /HOLDFAST_TOKEN|cli\.json/);
});

test('a second up', async () => {
  expectRefused(await platform.cli(['up']), /already runs/, /holdfast down/);
  expectRefused(await platform.cli(['up', '--detach']), /already runs/, /holdfast down/);
  expect((await platform.cli(['up', '--detach', '--if-stopped'])).code).toBe(0);
});

test.each([
  ['HOLDFAST_API_PORT', 'api'],
  ['HOLDFAST_S3_PORT', 's3'],
  ['HOLDFAST_HTTP_PORT', 'http'],
])('a port in use: %s', async (variable) => {
  await using second = await TestPlatform.create();
  const squatter = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => squatter.once('listening', resolve));
  const { port } = squatter.address() as { port: number };
  const result = await second.cli(['up', '--detach'], { env: { [variable]: String(port) } });
  expectRefused(result, new RegExp(`port ${port}`), new RegExp(variable));
  expect(await second.pids()).toEqual([]);
  squatter.close();
});

test('a way to log requests that there is none of', async () => {
  await using second = await TestPlatform.create();
  const result = await second.cli(['up', '--detach'], { env: { HOLDFAST_S3_REQUEST_LOG: 'some' } });
  expectRefused(result, /HOLDFAST_S3_REQUEST_LOG is "some"/, /off, failed, all/);
});

test('a platform that is not running', async () => {
  await using second = await TestPlatform.create();
  expectRefused(await second.cli(['status']), /not running/i, /holdfast up/);
});

test('a command with a typo', async () => {
  expectRefused(await platform.cli(['deplyo']), /deplyo/, /deploy/);
});

test('an app whose archive holds a broken package.json', async () => {
  const app = await sampleApp('notes-app', platform.directory);
  await writeFile(join(app.path, 'package.json'), '{ not json');
  const result = await platform.cli(['deploy', app.path]);
  expect(result.code).not.toBe(0);
  expect(result.stdout + result.stderr).toMatch(/package\.json/);
  const releases = join(platform.dataDirectory, 'control', 'uploads');
  expect(await readdir(releases).catch(() => [])).toEqual([]);
});
