import { chmod, mkdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { MasterKey, type MasterKeyPlace } from './master-key.ts';

let directory: TemporaryDirectory;
let place: MasterKeyPlace;

beforeEach(async () => {
  directory = await temporaryDirectory();
  place = { keyFile: join(directory.path, 'keys', 'master.key'), recordFile: join(directory.path, 'master-key.json') };
});
afterEach(() => directory[Symbol.asyncDispose]());

async function created(): Promise<MasterKey> {
  await MasterKey.create(place);
  const masterKey = await MasterKey.open(place);
  await masterKey.confirm();
  return masterKey;
}

const keyLines = async () => (await readFile(place.keyFile, 'utf8')).trim().split('\n');
const opening = () => MasterKey.open(place);
const withCode = (code: string) => expect.objectContaining({ code });

/** As if the keys were somebody else's: root would write them all the same. */
async function notOurs<T>(work: () => Promise<T>): Promise<T> {
  const keys = join(directory.path, 'keys');
  await chmod(keys, 0o555);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) {
    await chmod(directory.path, 0o777);
    await chmod(place.keyFile, 0o644).catch(() => {});
    await chmod(place.recordFile, 0o666).catch(() => {});
    process.seteuid?.('nobody');
  }
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(keys, 0o700);
  }
}

test('it is made once, however many ask, for its owner alone', async () => {
  await Promise.all(Array.from({ length: 16 }, () => MasterKey.create(place)));
  const ids = await Promise.all(Array.from({ length: 4 }, async () => (await opening()).id));
  expect(new Set(ids).size).toBe(1);
  expect((await stat(place.keyFile)).mode & 0o777).toBe(0o600);
  expect(Buffer.from((await keyLines())[0] ?? '', 'base64')).toHaveLength(32);
});

test('where it cannot be made, that is said; a key that is there is taken', async () => {
  await mkdir(join(directory.path, 'keys'));
  await expect(notOurs(() => MasterKey.create(place))).rejects.toThrow(withCode('master-key.not-made'));
  await writeFile(place.keyFile, line(9));
  await notOurs(() => MasterKey.create(place));
  expect(await keyLines()).toEqual([line(9).trim()]);
});

test('the record has the id and nothing of the key', async () => {
  const { id } = await created();
  const record = await readFile(place.recordFile, 'utf8');
  expect(record).toContain(id);
  expect(record).not.toContain((await keyLines())[0]);
});

describe('a rotation', () => {
  test('has both keys until it ends, then the new one', async () => {
    const masterKey = await created();
    const [before] = await keyLines();
    const earlier = masterKey.id;
    const sealed = masterKey.keyring.seal(Buffer.from('x'), 'c');
    await masterKey.begin();
    expect(await keyLines()).toEqual([expect.anything(), before]);
    expect(masterKey).toMatchObject({ isRotating: true });
    expect(masterKey.id).not.toBe(earlier);
    expect(masterKey.keyring.isCurrent(sealed, 'c')).toBe(false);
    expect(masterKey.keyring.unseal(sealed, 'c').toString()).toBe('x');
    const { id } = masterKey;
    expect(await masterKey.end()).toBe(true);
    expect(await keyLines()).not.toContain(before);
    const reopened = await opening();
    expect(reopened).toMatchObject({ id, isRotating: false });
    expect(() => reopened.keyring.unseal(sealed, 'c')).toThrow(/cannot decrypt/);
  });

  test('that was cut off goes on with the same key', async () => {
    await (await created()).begin();
    const lines = await keyLines();
    const again = await opening();
    expect(again.isRotating).toBe(true);
    await again.begin();
    expect(await keyLines()).toEqual(lines);
    await again.end();
    expect(await keyLines()).toEqual(lines.slice(0, 1));
  });

  test('gives up a key only when the record needs it no more', async () => {
    const masterKey = await created();
    await masterKey.begin();
    const record = await readFile(place.recordFile);
    await rm(place.recordFile);
    await mkdir(place.recordFile); // so that it cannot be written
    await expect(masterKey.end()).rejects.toThrow('EISDIR');
    expect(await keyLines()).toHaveLength(2);
    await rm(place.recordFile, { recursive: true });
    await writeFile(place.recordFile, record);
    expect(await opening()).toMatchObject({ isRotating: true });
  });

  test('is known to who has the ring of before', async () => {
    const masterKey = await created();
    const other = await opening();
    await masterKey.begin();
    await other.refresh();
    expect(other.id).toBe(masterKey.id);
    expect(other.keyring.unseal(masterKey.keyring.seal(Buffer.from('x'), 'c'), 'c').toString()).toBe('x');
  });

  test('takes the key that an operator has written before the present one', async () => {
    await created();
    const [before] = await keyLines();
    const own = Buffer.alloc(32, 7).toString('base64');
    await writeFile(place.keyFile, `${own}\n${before}\n`);
    const masterKey = await opening();
    await masterKey.begin();
    await masterKey.end();
    expect(await keyLines()).toEqual([own]);
  });

  test('is not for a file that the platform may not write, but goes on with what the operator writes there', async () => {
    const masterKey = await created();
    const [before = ''] = await keyLines();
    const own = Buffer.alloc(32, 7).toString('base64');
    const refused = notOurs(() => masterKey.begin());
    await expect(refused).rejects.toThrow(withCode('master-key.read-only'));
    expect((await opening()).id).toBe(masterKey.id);
    await writeFile(place.keyFile, `${own}\n${before}\n`);
    const earlierGone = await notOurs(async () => {
      await masterKey.begin();
      return await masterKey.end();
    });
    expect(earlierGone).toBe(false);
    expect(masterKey.isRotating).toBe(false);
    await writeFile(place.keyFile, `${own}\n`);
    expect((await opening()).id).toBe(masterKey.id);
  });

  test('changes the file that a link leads to, and not the link', async () => {
    const elsewhere = join(directory.path, 'secret');
    await created();
    await rename(place.keyFile, elsewhere);
    await symlink(elsewhere, place.keyFile);
    const masterKey = await opening();
    await masterKey.begin();
    await masterKey.end();
    expect(await readlink(place.keyFile)).toBe(elsewhere);
    expect((await stat(elsewhere)).mode & 0o777).toBe(0o600);
  });
});

describe('a running process writes back', () => {
  test.each([
    ['a file that is gone', () => rm(place.keyFile)],
    ['a file whose directory is gone', () => rm(join(directory.path, 'keys'), { recursive: true })],
    ['a file that is damaged', () => writeFile(place.keyFile, line(9).slice(0, 20))],
    ['a file that is empty', () => writeFile(place.keyFile, '')],
  ])('%s', async (_what, lose) => {
    const running = await created();
    await running.begin();
    const lines = await keyLines();
    await lose();
    const hint = expect.stringContaining('`holdfast master-key restore`');
    await expect(running.check()).rejects.toMatchObject({ hint });
    await expect(running.begin()).rejects.toMatchObject({ hint });
    expect(await running.restore()).toBe(true);
    expect(await keyLines()).toEqual(lines);
    expect((await stat(place.keyFile)).mode & 0o777).toBe(0o600);
    expect((await opening()).id).toBe(running.id);
    expect(await running.restore()).toBe(false);
  });

  test('to where a link leads, and nothing where that is not there', async () => {
    const [volume, mounted] = [join(directory.path, 'volume'), join(directory.path, 'mounted')];
    const running = await created();
    await mkdir(volume);
    await rename(place.keyFile, join(volume, 'key'));
    await symlink('../volume/key', place.keyFile);
    await rm(join(volume, 'key'));
    expect(await running.restore()).toBe(true);
    expect(await readlink(place.keyFile)).toBe('../volume/key');
    await rename(volume, mounted);
    await expect(running.restore()).rejects.toThrow(withCode('master-key.not-restored'));
    await rename(mounted, volume);
    expect((await opening()).id).toBe(running.id);
  });

  test('no file that has another key, and none that is of before a rotation by somebody else', async () => {
    const [running, other] = [await created(), await opening()];
    await other.begin();
    await other.end();
    await expect(running.restore()).resolves.toBe(false);
    await rm(place.keyFile);
    await expect(running.restore()).rejects.toThrow(withCode('master-key.missing'));
    await writeFile(place.keyFile, line(9));
    await expect(other.restore()).rejects.toThrow(withCode('master-key.other'));
    expect(await keyLines()).toEqual([line(9).trim()]);
  });
});

describe('a key file', () => {
  test.each([
    ['that is gone', async () => rm(place.keyFile), 'master-key.missing'],
    ['of another data directory', async () => writeFile(place.keyFile, line(9)), 'master-key.other'],
    ['that is empty', async () => writeFile(place.keyFile, ''), 'master-key.damaged'],
    ['that was cut', async () => writeFile(place.keyFile, line(9).slice(0, 20)), 'master-key.damaged'],
    ['with something else', async () => writeFile(place.keyFile, '<html>\n'), 'master-key.damaged'],
    ['with a key that is too long', async () => writeFile(place.keyFile, `A${line(9)}`), 'master-key.damaged'],
    ['beside a record that is damaged', async () => writeFile(place.recordFile, '{"version":1'), 'master-key.record'],
    ['beside a newer record', async () => writeFile(place.recordFile, '{"version":2}'), 'master-key.record'],
    ['that is a directory', async () => rm(place.keyFile).then(() => mkdir(place.keyFile)), 'master-key.unreadable'],
  ])('%s is refused, and nothing is changed', async (_how, change, code) => {
    const running = await created();
    await running.check();
    await change();
    const record = await readFile(place.recordFile);
    await expect(opening()).rejects.toThrow(withCode(code));
    await expect(running.check()).rejects.toThrow(withCode(code));
    expect(await readFile(place.recordFile)).toEqual(record);
  });

  test('of before the records is taken as it is, until everything was opened with it', async () => {
    await MasterKey.create(place);
    await opening();
    await writeFile(place.keyFile, line(9));
    const right = await opening();
    await right.confirm();
    await writeFile(place.keyFile, line(8));
    await expect(opening()).rejects.toThrow(`encrypted with key ${right.id}`);
  });

  test('that is gone is not made anew where the record says that something was sealed', async () => {
    await created();
    await rm(place.keyFile);
    await MasterKey.create(place);
    await expect(opening()).rejects.toThrow(withCode('master-key.missing'));
  });

  test('that has been rotated meanwhile is not taken for the one of before', async () => {
    await MasterKey.create(place);
    const [one, other] = [await opening(), await opening()];
    await other.begin();
    await other.end();
    await one.confirm();
    expect((await opening()).id).toBe(other.id);
  });

  test('of before a rotation opens nothing after it', async () => {
    const masterKey = await created();
    const before = await readFile(place.keyFile);
    await masterKey.begin();
    await writeFile(place.keyFile, before);
    await expect(opening()).rejects.toThrow(withCode('master-key.other'));
  });
});

const line = (byte: number) => `${Buffer.alloc(32, byte).toString('base64')}\n`;

test.each(['below a file', 'where no directory can be'])('a key is not made %s, which is said', async (where) => {
  const file = join(directory.path, 'file');
  await writeFile(file, '');
  const keyFile = where === 'below a file' ? join(file, 'keys', 'master.key') : '/proc/nope/master.key';
  await expect(MasterKey.create({ ...place, keyFile })).rejects.toThrow(withCode('master-key.not-made'));
});
