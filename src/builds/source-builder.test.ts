import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../core/retry.ts';
import type { BuildRequest } from './builder.ts';
import { createSourceBuilder } from './source-builder.ts';

type Files = Readonly<Record<string, string>>;

/** A builder with directories of its own; `build` gives what came out. */
async function openBuilds({ maxCachedDependencies = 10 } = {}) {
  const directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-build-'));
  const cacheDirectory = join(directory.path, 'cache');
  const builder = createSourceBuilder({ cacheDirectory, maxCachedDependencies });
  let count = 0;

  async function build(files: Files, overrides: Partial<BuildRequest> = {}) {
    const number = count++;
    const source = join(directory.path, `source-${number}`);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(source, path)), { recursive: true });
      await writeFile(join(source, path), content);
    }
    const archivePath = `${source}.tar.gz`;
    await create({ gzip: true, cwd: source, file: archivePath }, ['.']);
    const outputDirectory = join(directory.path, 'releases', `${number}`);
    let log = '';
    const onLog = (text: string) => {
      log += text;
    };
    const request = { app: 'photos', service: 'web', archivePath, environment: {}, outputDirectory, onLog };
    const result = await builder.build({ ...request, ...overrides });
    return { ...result, log, outputDirectory };
  }

  return {
    build,
    cacheDirectory,
    releases: join(directory.path, 'releases'),
    cached: async () => (await readdir(join(cacheDirectory, 'dependencies'))).sort(),
    [Symbol.asyncDispose]: () => directory.remove(),
  };
}

const json = (value: unknown) => JSON.stringify(value);

/** An app with a local dependency and a local development dependency. */
const APP: Files = {
  'package.json': json({
    name: 'app',
    version: '1.0.0',
    scripts: { start: 'node main.js' },
    dependencies: { greeting: 'file:vendor/greeting' },
    devDependencies: { tool: 'file:vendor/tool' },
  }),
  'main.js': `console.log(require('greeting'));`,
  'vendor/greeting/package.json': json({ name: 'greeting', version: '1.0.0' }),
  'vendor/greeting/index.js': `module.exports = 'hello';`,
  'vendor/tool/package.json': json({ name: 'tool', version: '1.0.0', bin: { tool: 'tool.js' } }),
  'vendor/tool/tool.js': `#!/usr/bin/env node\nrequire('node:fs').writeFileSync('built.txt', process.env.COLOUR ?? '');`,
};

const BUILT: Files = {
  ...APP,
  'package.json': json({ ...JSON.parse(APP['package.json'] ?? ''), scripts: { build: 'tool', start: 'node main.js' } }),
};

function run(directory: string, command: readonly string[]): string {
  const [program = '', ...args] = command;
  return execFileSync(program === 'node' ? process.execPath : program, args, {
    cwd: directory,
    encoding: 'utf8',
  }).trim();
}

describe('createSourceBuilder', () => {
  it('takes an app without dependencies as it is', async () => {
    await using builds = await openBuilds();
    const { command, outputDirectory, log } = await builds.build({ 'server.js': `console.log('up')` });
    expect(command).toEqual(['node', 'server.js']);
    expect(run(outputDirectory, command)).toBe('up');
    expect(log).toBe('');
  });

  it('installs the dependencies that production needs', async () => {
    await using builds = await openBuilds();
    const { command, outputDirectory, log, timings } = await builds.build(APP);
    expect(run(outputDirectory, command)).toBe('hello');
    expect(existsSync(join(outputDirectory, 'node_modules/tool'))).toBe(false);
    expect(log).toContain('$ npm install --no-audit --no-fund --omit=dev');
    expect(timings.installMs).toBeGreaterThan(0);
  });

  it('installs from the lock file where there is one', async () => {
    await using builds = await openBuilds();
    const first = await builds.build(APP);
    const lock = await readFile(join(first.outputDirectory, 'package-lock.json'), 'utf8');
    const { log } = await builds.build({ ...APP, 'package-lock.json': lock });
    expect(log).toContain('$ npm ci ');
  });

  it('runs the build script with development dependencies and the app’s variables, and prunes after', async () => {
    await using builds = await openBuilds();
    const { outputDirectory } = await builds.build(BUILT, { environment: { COLOUR: 'green' } });
    expect(await readFile(join(outputDirectory, 'built.txt'), 'utf8')).toBe('green');
    expect(existsSync(join(outputDirectory, 'node_modules/tool'))).toBe(false);
    expect(existsSync(join(outputDirectory, 'node_modules/greeting'))).toBe(true);
  });

  it('restores unchanged dependencies without npm', async () => {
    await using builds = await openBuilds();
    await builds.build(APP);
    const again = await builds.build({ ...APP, 'main.js': `console.log(require('greeting') + ' again');` });
    expect(again.log).toContain('restored from the cache');
    expect(again.log).not.toContain('$ npm');
    expect(run(again.outputDirectory, again.command)).toBe('hello again');
    const changed = await builds.build({
      ...APP,
      'vendor/greeting/package.json': json({ name: 'greeting', version: '2.0.0' }),
    });
    expect(changed.log).toContain('$ npm install');
    expect(await builds.cached()).toHaveLength(2);
  });

  it('keeps its cache apart from what builds and instances write', async () => {
    await using builds = await openBuilds();
    const files = {
      ...APP,
      'package.json': json({ main: 'main.js', dependencies: { greeting: 'file:vendor/greeting' } }),
    };
    const first = await builds.build(files, { buildCommand: 'echo spoiled > node_modules/.package-lock.json' });
    const path = 'node_modules/.package-lock.json';
    expect(await readFile(join(first.outputDirectory, path), 'utf8')).toBe('spoiled\n');
    const second = await builds.build(files, { buildCommand: 'true' });
    expect(second.log).toContain('restored from the cache');
    expect(await readFile(join(second.outputDirectory, path), 'utf8')).toContain('lockfileVersion');
  });

  it('keeps a bounded number of entries, and clears up after crashes', async () => {
    await using builds = await openBuilds({ maxCachedDependencies: 1 });
    const abandoned = join(builds.cacheDirectory, 'dependencies', 'new.dead');
    await mkdir(abandoned, { recursive: true });
    await utimes(abandoned, new Date(0), new Date(0));
    await builds.build(APP);
    const before = await builds.cached();
    await builds.build({ ...APP, '.npmrc': 'fund=false' });
    expect(before).toHaveLength(1);
    expect(await builds.cached()).toHaveLength(1);
    expect(await builds.cached()).not.toEqual(before);
  });

  it('builds the same app side by side', async () => {
    await using builds = await openBuilds();
    const results = await Promise.all([builds.build(APP), builds.build(APP), builds.build(APP)]);
    for (const { outputDirectory, command } of results) expect(run(outputDirectory, command)).toBe('hello');
    expect(await builds.cached()).toHaveLength(1);
  });

  it('runs every time what may do more than install', async () => {
    await using builds = await openBuilds();
    const files = { 'package.json': json({ scripts: { postinstall: 'echo made > made.txt' } }), 'index.js': '' };
    for (const _ of [1, 2]) {
      const { outputDirectory } = await builds.build(files);
      expect(await readFile(join(outputDirectory, 'made.txt'), 'utf8')).toBe('made\n');
    }
    const custom = { installCommand: 'npm install && echo more > more.txt' };
    for (const _ of [1, 2])
      expect(existsSync(join((await builds.build(APP, custom)).outputDirectory, 'more.txt'))).toBe(true);
  });

  it('builds the directory of one service', async () => {
    await using builds = await openBuilds();
    const { outputDirectory } = await builds.build({ 'web/index.js': '', 'other/x': '' }, { directory: 'web' });
    expect(await readdir(outputDirectory)).toEqual(['index.js']);
    await expect(builds.build({ 'index.js': '' }, { directory: 'wbe' })).rejects.toMatchObject({
      code: 'build.detect',
    });
    await expect(builds.build({ 'index.js': '' }, { directory: '../x' })).rejects.toMatchObject({
      code: 'build.detect',
    });
  });

  it('gives the last lines of a command that fails, and leaves nothing', async () => {
    await using builds = await openBuilds();
    const failed = builds.build(
      { 'index.js': '' },
      { buildCommand: 'echo compiling; echo "line 3: oops" >&2; exit 4' },
    );
    await expect(failed).rejects.toMatchObject({
      code: 'build.failed',
      message: expect.stringMatching(/ended with exit code 4:\n(.*\n)*line 3: oops/),
    });
    expect(await readdir(builds.releases)).toEqual([]);
  });

  it('ends with its whole process group when it is aborted', async () => {
    await using builds = await openBuilds();
    const abort = new AbortController();
    const pidFile = join(builds.releases, 'pid');
    const failed = expect(
      builds.build({ 'index.js': '' }, { buildCommand: `sleep 60 & echo $! > ${pidFile}; wait`, signal: abort.signal }),
    ).rejects.toMatchObject({ code: 'build.aborted' });
    /** None while the shell has made the file and not written it. */
    const written = async () => Number(await readFile(pidFile, 'utf8').catch(() => '')) || undefined;
    const pid = await waitUntil(written, { timeoutMs: 60_000, what: 'the build' });
    abort.abort();
    await failed;
    await waitUntil(() => !isAlive(pid), { timeoutMs: 60_000, what: 'the end of the child' });
    expect(await readdir(builds.releases)).toEqual(['pid']);
  });

  it('does not wait for what a command leaves in the background', async () => {
    await using builds = await openBuilds();
    const started = performance.now();
    await builds.build({ 'index.js': '' }, { buildCommand: 'sleep 60 &' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('gives commands a clean environment', async () => {
    await using builds = await openBuilds();
    process.env.HOLDFAST_TEST_SECRET = 'x';
    const { log } = await builds.build({ 'index.js': '' }, { buildCommand: 'env; node --version' }).finally(() => {
      delete process.env.HOLDFAST_TEST_SECRET;
    });
    expect(log).not.toContain('HOLDFAST_TEST_SECRET');
    expect(log).toContain(`HOME=${builds.cacheDirectory}/home`);
    expect(log.trim().endsWith(process.version)).toBe(true);
  });

  it('starts over after a crash', async () => {
    await using builds = await openBuilds();
    const outputDirectory = join(builds.releases, 'x');
    await mkdir(`${outputDirectory}.building/node_modules`, { recursive: true });
    await builds.build({ 'index.js': '' }, { outputDirectory });
    expect(await readdir(outputDirectory)).toEqual(['index.js']);
    expect((await stat(outputDirectory)).isDirectory()).toBe(true);
  });
});

function isAlive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}
