import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectStart, planBuild } from './project.ts';

type Files = Readonly<Record<string, string | object>>;
type Request = Parameters<typeof planBuild>[1];

async function inProject<T>(files: Files, work: (directory: string) => Promise<T>): Promise<T> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-project-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, path)), { recursive: true });
    await writeFile(join(directory.path, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return await work(directory.path);
}

const plan = (files: Files, request: Request = {}) => inProject(files, (directory) => planBuild(directory, request));
const start = (files: Files, request: Request = {}) => inProject(files, (directory) => detectStart(directory, request));

const DEPENDENCIES = { dependencies: { express: '5' } };

describe('planBuild', () => {
  it('installs nothing without a package.json or without dependencies', async () => {
    expect(await plan({ 'server.js': '' })).toEqual({ prune: false });
    expect(await plan({ 'package.json': { name: 'x' } })).toEqual({ prune: false });
  });

  it('installs exactly what a lock file says', async () => {
    expect(await plan({ 'package.json': DEPENDENCIES, 'package-lock.json': '{}' })).toEqual({
      install: { line: 'npm ci --no-audit --no-fund --omit=dev', cacheable: true },
      prune: false,
    });
    expect((await plan({ 'package.json': DEPENDENCIES })).install?.line).toMatch(/^npm install /);
  });

  it('installs for the build, prunes after it', async () => {
    const files = { 'package.json': { ...DEPENDENCIES, devDependencies: { tsc: '7' }, scripts: { build: 'tsc' } } };
    expect(await plan(files)).toEqual({
      install: { line: 'npm install --no-audit --no-fund --include=dev', cacheable: true },
      build: 'npm run build',
      prune: true,
    });
    expect(await plan(files, { buildCommand: 'make', installCommand: './setup' })).toEqual({
      install: { line: './setup', cacheable: false },
      build: 'make',
      prune: false,
    });
  });

  it('refuses other package managers by name', async () => {
    const files = { 'package.json': DEPENDENCIES, 'pnpm-lock.yaml': '' };
    await expect(plan(files)).rejects.toMatchObject({ code: 'build.package-manager', kind: 'not-implemented' });
    expect((await plan(files, { installCommand: 'pnpm i' })).install?.line).toBe('pnpm i');
    expect((await plan({ ...files, 'package-lock.json': '{}' })).install?.line).toMatch(/^npm ci/);
  });

  it('caches only what fills node_modules and nothing else', async () => {
    const cacheable = async (files: Files, request?: Request) => (await plan(files, request)).install?.cacheable;
    expect(await cacheable({}, { installCommand: 'npm ci --omit=dev' })).toBe(true);
    expect(await cacheable({}, { installCommand: 'npm ci && ./fetch' })).toBe(false);
    expect(await cacheable({ 'package.json': { ...DEPENDENCIES, scripts: { postinstall: 'x' } } })).toBe(false);
  });

  it('says that package.json is broken', async () => {
    for (const content of ['{', '[]', 'null']) {
      await expect(plan({ 'package.json': content })).rejects.toMatchObject({ code: 'build.detect' });
    }
  });
});

describe('detectStart', () => {
  it('prefers what the app file says', async () => {
    const files = { 'package.json': { scripts: { start: 'node c.js' } }, 'src/b.ts': '' };
    const request = { startCommand: 'node a.js', entryfilePath: './src/b.ts' };
    expect(await start(files, request)).toEqual(['node', 'a.js']);
    expect(await start(files, { entryfilePath: './src/b.ts' })).toEqual(['node', 'src/b.ts']);
    expect(await start(files)).toEqual(['node', 'c.js']);
  });

  it('runs prestart too', async () => {
    expect(await start({ 'package.json': { scripts: { prestart: 'node a.js', start: 'node b.js' } } })).toEqual([
      '/bin/sh',
      '-c',
      'node a.js && exec node b.js',
    ]);
  });

  it('finds main as require does, then the usual names', async () => {
    expect(await start({ 'package.json': { main: './lib/app' }, 'lib/app.js': '' })).toEqual(['node', 'lib/app.js']);
    expect(await start({ 'package.json': { main: 'lib' }, 'lib/index.js': '' })).toEqual(['node', 'lib/index.js']);
    expect(await start({ 'package.json': { main: 'gone.js' }, 'server.js': '' })).toEqual(['node', 'server.js']);
    expect(await start({ 'index.js': '', 'server.js': '' })).toEqual(['node', 'index.js']);
  });

  it.each<[string, Files, Request]>([
    ['an entry that is not there', {}, { entryfilePath: 'src/server.ts' }],
    ['an entry outside', {}, { entryfilePath: '../server.ts' }],
    ['an entry that is no program', { 'style.css': '' }, { entryfilePath: 'style.css' }],
    ['an empty app', {}, {}],
    ['a web page', { 'index.html': '' }, {}],
  ])('refuses %s', async (_what, files, request) => {
    await expect(start(files, request)).rejects.toMatchObject({ code: 'build.detect', hint: expect.any(String) });
  });
});
