import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { passingPath } from '../../src/cli/transfer/partial-file.ts';
import type { TransferReport } from '../../src/cli/transfer/transfer-trees.ts';
import { exec } from '../../src/core/exec.ts';
import { type CliBench, RCLONE, startCliBench } from '../support/cli-bench.ts';
import { describeClient, MiB, readTree, writeTree } from '../support/s3-client-program.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

/** `holdfast object-store sync` as people run it, against the real object store. */

let bench: CliBench;
const at = (...parts: string[]) => join(bench.home, ...parts);
const sync = (...args: string[]) => bench.json<TransferReport>('sync', ...args);
const put = (key: string, body = 'x') => bench.s3.send(new PutObjectCommand({ Bucket: 'tree', Key: key, Body: body }));
const paths = ({ copied }: TransferReport) => copied.map(({ path }) => path).sort();

beforeAll(async () => {
  bench = await startCliBench('tree', 'other');
});
afterAll(() => bench?.[Symbol.asyncDispose]());
beforeEach(async () => {
  for (const name of await readdir(bench.home)) await rm(at(name), { recursive: true, force: true });
  for (const bucket of ['tree', 'other']) await bench.cli('rm', bucket, '', '--recursive', '--yes');
});

const TREE = { empty: 0, 'a.txt': 10, 'b c.bin': 100_000, 'sub/d+é & %41.bin': 1000, 'sub/deeper/large.bin': 20 * MiB };

describe('both ways', () => {
  test('a tree goes up and comes down the same, with its times; a second run does nothing', async () => {
    await writeTree(at('up'), TREE);
    await mkdir(at('up', 'nothing in it'));
    await utimes(at('up', 'a.txt'), 1_500_000_000.123, 1_500_000_000.123);
    const up = await sync('up', 's3://tree/files');
    expect(paths(up)).toEqual([...Object.keys(TREE), 'nothing in it/'].sort());
    expect(await sync('up', 's3://tree/files')).toMatchObject({ copied: [], unchanged: 6, failed: [] });

    expect(paths(await sync('s3://tree/files', 'down'))).toEqual(paths(up));
    expect(await readTree(at('down'))).toEqual(await readTree(at('up')));
    expect((await stat(at('down', 'nothing in it'))).isDirectory()).toBe(true);
    expect((await stat(at('down', 'a.txt'))).mtimeMs).toBeCloseTo(1_500_000_000_123, 0);
    expect(await sync('s3://tree/files', 'down')).toMatchObject({ copied: [], unchanged: 6 });
    expect(await sync('down', 's3://tree/files')).toMatchObject({ copied: [], unchanged: 6 });
    expect((await readdir(at('down'))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('what changed is sent, also where size and time tell nothing with --checksum', async () => {
    await writeTree(at('up'), { 'a.txt': 10, 'same.txt': 10, 'sly.txt': 10 });
    await sync('up', 's3://tree');
    const { mtime } = await stat(at('up', 'sly.txt'));
    await writeFile(at('up', 'sly.txt'), '0123456789');
    await utimes(at('up', 'sly.txt'), mtime, mtime);
    await writeFile(at('up', 'a.txt'), 'longer than before');
    expect(paths(await sync('up', 's3://tree'))).toEqual(['a.txt']);
    expect(paths(await sync('up', 's3://tree', '--checksum'))).toEqual(['sly.txt']);
    expect(await sync('up', 's3://tree', '--checksum')).toMatchObject({ copied: [], unchanged: 3 });
  });

  test('objects that came without a time are compared by content', async () => {
    await put('plain.txt', 'hello');
    await sync('s3://tree', 'down');
    expect(await sync('s3://tree', 'down')).toMatchObject({ copied: [], unchanged: 1 });
    await utimes(at('down', 'plain.txt'), 1, 1);
    expect(await sync('down', 's3://tree')).toMatchObject({ copied: [], unchanged: 1 });
    await writeFile(at('down', 'plain.txt'), 'HELLO');
    expect(paths(await sync('down', 's3://tree'))).toEqual(['plain.txt']);
  });

  test('from bucket to bucket, other content is copied also where size and time tell nothing', async () => {
    await writeTree(at('up'), { 'sly.txt': 10, 'same.txt': 10 });
    await sync('up', 's3://tree');
    await sync('s3://tree', 's3://other');
    const { mtime } = await stat(at('up', 'sly.txt'));
    await writeFile(at('up', 'sly.txt'), '0123456789');
    await utimes(at('up', 'sly.txt'), mtime, mtime);
    await sync('up', 's3://tree', '--checksum');
    expect(paths(await sync('s3://tree', 's3://other'))).toEqual(['sly.txt']);
  });

  test('from bucket to bucket and prefix to prefix on the server', async () => {
    await writeTree(at('up'), TREE);
    await sync('up', 's3://tree/files');
    expect(paths(await sync('s3://tree/files', 's3://other/copy'))).toEqual(Object.keys(TREE).sort());
    expect(await sync('s3://tree/files', 's3://other/copy')).toMatchObject({ copied: [], unchanged: 5 });
    expect(await sync('s3://tree/files', 's3://tree/again')).toMatchObject({ unchanged: 0 });
    await sync('s3://other/copy', 'down');
    expect(await readTree(at('down'))).toEqual(await readTree(at('up')));
    expect(await bench.cli('sync', 's3://tree', 's3://tree/inside')).toMatchObject({ code: 2 });
  });
});

describe('--delete', () => {
  test('takes away what the source has not, and says before what with --dry-run', async () => {
    await writeTree(at('up'), { 'a.txt': 1, 'old/b.txt': 1, 'keep.log': 1 });
    await sync('up', 's3://tree/x');
    await put('beside.txt');
    await rm(at('up', 'old'), { recursive: true });
    await rm(at('up', 'keep.log'));
    expect(await sync('up', 's3://tree/x')).toMatchObject({ deleted: [] });
    const args = ['up', 's3://tree/x', '--delete', '--exclude', '*.log'];
    const dry = await bench.cli('sync', ...args, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: 'delete old/b.txt\n0 to copy (0 B), 1 to delete, 1 unchanged.\n' });
    expect(await sync(...args)).toMatchObject({ deleted: ['old/b.txt'] });
    expect((await bench.rclone('lsf', '-R', '--files-only', 'hf:tree')).split('\n').sort()).toEqual([
      '',
      'beside.txt',
      'x/a.txt',
      'x/keep.log',
    ]);
  });

  test('from a bucket: files and the directories that they leave empty', async () => {
    await put('a.txt');
    await writeTree(at('down'), { 'gone/deep/b.txt': 1, 'a.txt/not a file.txt': 1 });
    await mkdir(at('down', 'gone', 'empty'));
    const report = await sync('s3://tree', 'down', '--delete', '--yes');
    expect(report).toMatchObject({ deleted: expect.arrayContaining(['gone/deep/b.txt', 'gone/empty/']), failed: [] });
    expect(await readTree(at('down'))).toEqual({ 'a.txt': 'x' });
    expect(await readdir(at('down'))).toEqual(['a.txt']);
  });

  test('deletes nothing for a source that is missing, misspelt, empty or not to be read whole', async () => {
    await writeTree(at('up'), { 'a.txt': 1 });
    await sync('up', 's3://tree/x');
    expect(await bench.cli('sync', 'no-such-directory', 's3://tree/x', '--delete')).toMatchObject({ code: 3 });
    const misspelt = await bench.cli('sync', 's3://tree/y', 's3://other');
    expect(misspelt).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('nothing under "y/" in the bucket "tree"'),
    });
    const object = await bench.cli('sync', 's3://tree/x/a.txt', 'up');
    expect(object).toMatchObject({ code: 2, stderr: expect.stringContaining('get tree x/a.txt') });
    expect(await bench.cli('sync', 's3://tree/y', 'up', '--delete')).toMatchObject({ code: 3 });
    await mkdir(at('empty'));
    expect(await bench.cli('sync', 'empty', 's3://tree/x', '--delete')).toMatchObject({ code: 2 });
    expect((await readdir(at('up'))).length).toBe(1);
    expect(await sync('up', 's3://tree/x')).toMatchObject({ unchanged: 1 });
    expect(await sync('empty', 's3://tree/x', '--delete', '--yes')).toMatchObject({ deleted: ['a.txt'] });
  });

  test('asks where it would leave nothing of what the target has: another place is meant', async () => {
    await writeTree(at('up'), { 'a.txt': 1, 'b.txt': 1 });
    await sync('up', 's3://tree');
    await writeTree(at('precious'), { 'letters.txt': 1 });
    const refused = await bench.cli('sync', 's3://tree', 'precious', '--delete');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('everything in precious (1), of which s3'),
    });
    expect(await readdir(at('precious'))).toEqual(['letters.txt']);
    expect(await bench.cli('sync', 'precious', 's3://tree', '--delete')).toMatchObject({ code: 2 });
    expect(await sync('up', 's3://tree')).toMatchObject({ unchanged: 2 });
    expect(await sync('precious', 's3://tree', '--delete', '--dry-run')).toMatchObject({ deleted: ['a.txt', 'b.txt'] });
    expect(await sync('precious', 's3://tree', '--delete', '--yes')).toMatchObject({ deleted: ['a.txt', 'b.txt'] });
  });

  test('waits until everything could be copied: what failed may be what the rest is called now', async () => {
    await put('common.txt');
    await put('renamed.txt');
    await writeTree(at('down'), { 'common.txt': 1, 'old name.txt': 1 });
    await symlink('common.txt', at('down', 'renamed.txt'));
    const run = await bench.cli('sync', 's3://tree', 'down', '--delete', '--json');
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('1 that the source has not were not deleted'),
    });
    expect(JSON.parse(run.stdout)).toMatchObject({ deleted: [], kept: ['old name.txt'] });
    await rm(at('down', 'renamed.txt'));
    expect(await sync('s3://tree', 'down', '--delete')).toMatchObject({ deleted: ['old name.txt'], kept: [] });
  });
});

describe('odd things', () => {
  test.skipIf(process.getuid?.() !== 0)(
    'a full disk is the one of the directory, and room is enough to go on',
    async () => {
      await writeTree(at('up'), { 'a.bin': MiB, 'b.bin': MiB });
      await sync('up', 's3://tree');
      await mkdir(at('small'));
      await using disk = await mountSmallDisk(at('small'), 4 * MiB);
      await disk.fill();
      for (const args of [
        ['sync', 's3://tree', 'small'],
        ['get', 'tree', 'a.bin', 'small/a.bin'],
      ]) {
        const full = await bench.cli(...args);
        expect(full).toMatchObject({
          code: 7,
          stderr: expect.stringMatching(/cannot write small.*: its disk is full/),
        });
      }
      await disk.empty();
      expect((await sync('s3://tree', 'small')).copied).toHaveLength(2);
      expect((await readdir(at('small'))).sort()).toEqual(['a.bin', 'b.bin']);
    },
  );

  test('what a run that was killed has left goes with the next one, and of one that goes on stays', async () => {
    await put('sub/a.txt');
    const { child, result } = bench.start('sync', 's3://tree', 'down');
    child.stdin.end();
    await result;
    const name = (pid = 0) =>
      basename(passingPath('b.txt')).replace(/.{8}\.pass$/, `${pid.toString(16).padStart(8, '0')}.pass`);
    const [left, going] = [name(child.pid), name(process.pid)];
    await writeTree(at('down'), { [`sub/${left}`]: 1, [`sub/${going}`]: 1 });
    expect(await sync('s3://tree', 'down', '--delete', '--dry-run')).toMatchObject({ deleted: [] });
    expect(await readdir(at('down', 'sub'))).toContain(left);
    expect(await sync('s3://tree', 'down', '--delete')).toMatchObject({ unchanged: 1, deleted: [] });
    expect((await readdir(at('down', 'sub'))).sort()).toEqual([going, 'a.txt']);
  });

  test('an object of parts of different sizes comes down, whatever their sizes look like', async () => {
    const { s3 } = bench;
    const target = { Bucket: 'tree', Key: 'uneven.bin' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const bodies = [6, 5, 6].map((size) => randomBytes(size * MiB)); // as many as there would be of the first size
    const Parts = [];
    for (const [i, Body] of bodies.entries()) {
      const part = { ...target, UploadId, PartNumber: i + 1 };
      const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body }));
      Parts.push({ ETag, PartNumber: part.PartNumber });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
    expect(await sync('s3://tree', 'down')).toMatchObject({ copied: [{ path: 'uneven.bin' }], failed: [] });
    expect(Buffer.concat(bodies).equals(await readFile(at('down/uneven.bin')))).toBe(true);
    expect(await sync('s3://tree', 'down', '--checksum')).toMatchObject({ unchanged: 1 });
  });

  test('no key leads out of the directory', async () => {
    for (const key of ['../out.txt', '/abs.txt', 'a/../../out.txt', 'a//b.txt', './dot.txt', 'ok.txt', 'a', 'a/b']) {
      await put(key);
    }
    await mkdir(at('elsewhere'));
    await mkdir(at('in', 'down'), { recursive: true });
    await put('link/inside.txt');
    await symlink(at('elsewhere'), at('in', 'down', 'link'));
    const run = await bench.cli('sync', 's3://tree', 'in/down', '--delete', '--json');
    const report = JSON.parse(run.stdout) as TransferReport;
    expect(run.code).toBe(1);
    expect(paths(report)).toEqual(['a/b', 'ok.txt']);
    expect(report.failed.map(({ path }) => path).sort()).toEqual(
      ['../out.txt', './dot.txt', '/abs.txt', 'a', 'a/../../out.txt', 'a//b.txt', 'link/inside.txt'].sort(),
    );
    expect(await readdir(at('elsewhere'))).toEqual([]);
    expect(await readdir(at('in'))).toEqual(['down']);
    expect((await readdir(at('in', 'down'))).sort()).toEqual(['a', 'link', 'ok.txt']);
  });

  test('links are left out or followed, devices left out, unreadable files told', async () => {
    await writeTree(at('up'), { 'a.txt': 1, 'secret.txt': 1, 'dir/b.txt': 1 });
    await symlink('a.txt', at('up', 'link'));
    await symlink('..', at('up', 'dir', 'loop'));
    await symlink('nowhere', at('up', 'dangling'));
    await exec(['mkfifo', at('up', 'pipe')]);
    const names = Buffer.concat([Buffer.from(`${at('up')}/`), Buffer.from([0xff, 0xfe])]);
    await writeFile(names, 'x');
    const run = await bench.cli('sync', 'up', 's3://tree', '--json');
    expect(run.code).toBe(1); // the name that is not UTF-8
    const report = JSON.parse(run.stdout) as TransferReport;
    expect(paths(report)).toEqual(['a.txt', 'dir/b.txt', 'secret.txt']);
    expect(report.skipped.map(({ path }) => path).sort()).toEqual(['dangling', 'dir/loop', 'link', 'pipe']);
    await rm(names);
    const followed = await bench.cli('sync', 'up', 's3://tree', '--follow', '--json');
    expect(paths(JSON.parse(followed.stdout))).toEqual(['link']);
    expect(followed.stderr).toContain('dangling');
  });

  test.skipIf(process.getuid?.() === 0)('an unreadable file is told, and the rest goes on', async () => {
    await writeTree(at('up'), { 'a.txt': 1, 'secret.txt': 1 });
    await chmod(at('up', 'secret.txt'), 0);
    expect(await bench.cli('sync', 'up', 's3://tree')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('failed secret.txt'),
    });
  });

  test('names are kept as they are written, whatever their composition', async () => {
    const names = ['é'.normalize('NFC'), 'é'.normalize('NFD'), '100%', '%2e%2e', ' a ', "it's *[x]?", 'new\nline'];
    await writeTree(at('up'), Object.fromEntries(names.map((name) => [name, 5])));
    await sync('up', 's3://tree');
    await sync('s3://tree', 'down');
    expect(await readTree(at('down'))).toEqual(await readTree(at('up')));
    expect(await sync('up', 's3://tree')).toMatchObject({ copied: [], unchanged: names.length });
  });
});

describeClient(RCLONE, () => {
  test('agrees with rclone about what is the same, both ways', async () => {
    await writeTree(at('up'), TREE);
    await sync('up', 's3://tree/files');
    await bench.rclone('check', '--download', 'up', 'hf:tree/files');
    expect(await bench.rclone('sync', '--dry-run', '-v', 'up', 'hf:tree/files')).not.toContain('copy');
    await bench.rclone('copy', 'up', 'hf:other/theirs');
    expect(await sync('up', 's3://other/theirs')).toMatchObject({ copied: [], unchanged: 5 });
    await sync('s3://other/theirs', 'down');
    await bench.rclone('check', 'down', 'hf:other/theirs');
    expect(await readFile(at('down', 'a.txt'))).toEqual(await readFile(at('up', 'a.txt')));
  });
});
