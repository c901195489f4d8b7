import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';

/** `holdfast object-store object-lock|retention|legal-hold`. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);
const json = async (args: readonly string[]) => JSON.parse((await store([...args, '--json'])).stdout);
const put = (key: string) => store(['put', 'images', '-', key], { input: 'bytes' });
const versionOf = async (key: string) => (await json(['stat', 'images', key])).versionId as string;

const HOUR = 3600_000;
const YEAR = 365 * 24 * HOUR;

beforeAll(async () => {
  bed = await startCliObjects();
  await put('before');
});
afterAll(() => bed[Symbol.asyncDispose]());

it('turns object lock on where there are versions, and says how to get there', async () => {
  expect(await json(['object-lock', 'get', 'images'])).toEqual({ bucket: 'images', objectLock: false });
  const unlocked = await store(['retention', 'set', 'images', 'before', '--mode', 'governance', '--for', '1h']);
  expect(unlocked).toMatchObject({ code: 2, stderr: expect.stringContaining('object-store object-lock set images`') });
  const unversioned = await store(['object-lock', 'set', 'images']);
  expect(unversioned.stderr).toContain('`holdfast object-store versioning <bucket> enabled`');
  await store(['versioning', 'images', 'enabled']);
  const on = await store(['object-lock', 'set', 'images']);
  expect(on).toMatchObject({ code: 0, stdout: expect.stringContaining('Object lock of images is on;') });
  expect((await store(['versioning', 'images', 'suspended'])).code).not.toBe(0);
});

it('gives every new object a retention, until that is taken back', async () => {
  const halves = await store(['object-lock', 'set', 'images', '--mode', 'governance']);
  expect(halves).toMatchObject({ code: 2, stderr: expect.stringContaining('--mode governance --days 30') });
  await store(['object-lock', 'set', 'images', '--mode', 'governance', '--years', '2']);
  expect(await store(['object-lock', 'set', 'images'])).toMatchObject({
    stdout: 'Object lock of images is on; new objects are kept in mode governance for 2 years.\n',
  });
  expect(await json(['object-lock', 'get', 'images'])).toEqual({
    bucket: 'images',
    objectLock: true,
    defaultRetention: { mode: 'governance', years: 2 },
  });
  expect(await put('by-default')).toMatchObject({ code: 0 });
  const { retention } = await json(['retention', 'get', 'images', 'by-default']);
  expect(retention).toMatchObject({ mode: 'governance' });
  expect(Date.parse(retention.until) - Date.now()).toBeGreaterThan(2 * YEAR - HOUR);
  await store(['object-lock', 'unset', 'images']);
  await put('without');
  expect(await json(['retention', 'get', 'images', 'without'])).toMatchObject({ retention: null });
  expect((await store(['object-lock', 'get', 'images'])).stdout).toBe(
    'on; new objects get no retention of themselves\n',
  );
});

it('keeps an object until its retention in mode governance is passed over by name', async () => {
  await put('kept');
  const version = ['--version-id', await versionOf('kept')];
  const set = (...words: string[]) => store(['retention', 'set', 'images', 'kept', '--mode', 'governance', ...words]);
  expect(await set('--until', '2999-01-31')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('images/kept is kept in mode governance until 2999-01-31T00:00:00.000Z'),
  });
  expect((await store(['stat', 'images', 'kept'])).stdout).toContain('governance until 2999-01-31T00:00:00.000Z');
  const shorter = await set('--for', '1h');
  expect(shorter.code).toBe(4);
  expect(shorter.stderr).toContain(
    'in mode governance until 2999-01-31T00:00:00.000Z: --bypass-governance changes that',
  );
  expect(await set('--for', '1h', '--bypass-governance', ...version)).toMatchObject({ code: 0 });
  const refused = await store(['rm', 'images', 'kept', ...version, '--yes']);
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('protected by object lock') });
  const needless = await store(['rm', 'images', 'kept', '--bypass-governance', '--yes']);
  expect(needless).toMatchObject({ code: 2, stderr: expect.stringContaining('name --version-id') });
  expect((await store(['retention', 'unset', 'images', 'kept'])).code).toBe(4);
  expect(await store(['retention', 'unset', 'images', 'kept', '--bypass-governance'])).toMatchObject({
    code: 0,
    stdout: 'images/kept has no retention.\n',
  });
  expect(await set('--for', '1h')).toMatchObject({ code: 0 });
  expect(await store(['rm', 'images', 'kept', ...version, '--bypass-governance', '--yes'])).toMatchObject({ code: 0 });
});

it('makes a retention in mode compliance longer, and never shorter', async () => {
  await put('forever');
  const set = (...words: string[]) =>
    store(['retention', 'set', 'images', 'forever', '--mode', 'compliance', ...words, '--bypass-governance']);
  await set('--for', '2d');
  const shorter = await set('--for', '1d');
  expect(shorter).toMatchObject({ code: 4, stderr: expect.stringContaining('in mode compliance until') });
  expect(shorter.stderr).toContain('name that mode and a later end, or wait');
  expect(await set('--for', '3d')).toMatchObject({ code: 0 });
});

it('says what is no end of a retention', async () => {
  const set = async (...words: string[]) => {
    const { code, stderr } = await store(['retention', 'set', 'images', 'without', '--mode', 'governance', ...words]);
    return [code, stderr];
  };
  expect(await set()).toEqual([2, expect.stringContaining('a retention has one end')]);
  expect(await set('--until', '31.1.2030')).toEqual([2, expect.stringContaining('is not a date')]);
  for (const time of ['3000000d', '999999999d'])
    expect(await set('--for', time)).toEqual([2, expect.stringContaining('is after the year 9999')]);
  expect(await set('--until', '2020-01-31')).toEqual([2, expect.stringContaining('is not in the future')]);
});

it('holds an object, and lets it go', async () => {
  await put('held');
  const version = ['--version-id', await versionOf('held')];
  expect((await store(['legal-hold', 'images', 'held'])).stdout).toBe('The legal hold of images/held is off.\n');
  expect(await store(['legal-hold', 'images', 'held', 'on'])).toMatchObject({ code: 0 });
  expect(await json(['legal-hold', 'images', 'held', ...version])).toMatchObject({ legalHold: true });
  expect((await store(['stat', 'images', 'held'])).stdout).toMatch(/^legal hold +on$/m);
  expect((await store(['rm', 'images', 'held', ...version, '--yes'])).code).toBe(4);
  expect(await store(['legal-hold', 'images', 'held', 'off'])).toMatchObject({ code: 0 });
  expect(await store(['rm', 'images', 'held', ...version, '--yes'])).toMatchObject({ code: 0 });
});
