import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';

/** `holdfast object-store stat|tags|acl|ownership|public-access-block`. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);
const json = async (args: readonly string[]) => JSON.parse((await store([...args, '--json'])).stdout);

beforeAll(async () => {
  bed = await startCliObjects();
});
afterAll(() => bed[Symbol.asyncDispose]());

async function put(key: string, body = 'bytes'): Promise<string> {
  expect(await store(['put', 'images', '-', key], { input: body })).toMatchObject({ code: 0 });
  return `${bed.api.platform.s3?.endpoint}/images/${key}`;
}

it('sets, prints and takes away the tags of an object and of the bucket', async () => {
  await put('tagged');
  for (const [name, key] of [
    ['images/tagged', ['tagged']],
    ['images', []],
  ] as const) {
    expect((await store(['tags', 'get', 'images', ...key])).stdout).toBe(`${name} has no tags.\n`);
    const set = await store(['tags', 'set', 'images', ...key, '--tag', 'of=a=b', '--tag', 'größe=ä ö']);
    expect(set).toMatchObject({ code: 0, stdout: 'of=a=b\ngröße=ä ö\n' });
    expect((await json(['tags', 'get', 'images', ...key])).tags).toEqual({ of: 'a=b', größe: 'ä ö' });
    await store(['tags', 'set', 'images', ...key, '--tag', 'other=']);
    expect((await json(['tags', 'get', 'images', ...key])).tags).toEqual({ other: '' });
    expect(await store(['tags', 'unset', 'images', ...key])).toMatchObject({ code: 0 });
    expect((await json(['tags', 'get', 'images', ...key])).tags).toEqual({});
  }
});

it('says what is wrong with a tag', async () => {
  const illegal = await store(['tags', 'set', 'images', 'tagged', '--tag', 'price=5€']);
  expect(illegal).toMatchObject({ code: 2, stderr: expect.stringContaining('hint:  tags take letters, digits') });
  const unnamed = await store(['tags', 'set', 'images', 'tagged', '--tag', 'price']);
  expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('write name=value') });
  const twice = await store(['tags', 'set', 'images', 'tagged', '--tag', 'a=1', '--tag', 'a=2']);
  expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('"a" is given twice') });
  expect(await store(['tags', 'set', 'images', 'absent', '--tag', 'a=1'])).toMatchObject({ code: 3 });
});

it('takes no empty key, nor a version without a key, for the bucket', async () => {
  for (const words of [
    ['tags', 'unset', 'images', ''],
    ['acl', 'set', 'images', 'public-read', ''],
    ['stat', 'images', ''],
  ])
    expect(await store(words)).toMatchObject({ code: 2, stderr: expect.stringContaining('the key is empty') });
  const version = await store(['tags', 'unset', 'images', '--version-id', 'x']);
  expect(version).toMatchObject({ code: 2, stderr: expect.stringContaining('a version is of an object') });
});

it('lets everyone read an object by its ACL, and nobody again', async () => {
  const url = await put('shown');
  expect((await store(['acl', 'get', 'images', 'shown'])).stdout).toBe('private\n');
  const set = await store(['acl', 'set', 'images', 'public-read', 'shown']);
  expect(set).toMatchObject({ code: 0, stdout: 'The ACL of images/shown is public-read.\n' });
  expect((await fetch(url)).status).toBe(200);
  expect(await json(['acl', 'get', 'images', 'shown'])).toEqual({ bucket: 'images', key: 'shown', acl: 'public-read' });
  await store(['acl', 'set', 'images', 'private', 'shown']);
  expect((await fetch(url)).status).toBe(403);
  const wrong = await store(['acl', 'set', 'images', 'shown', 'public-read']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('private, public-read, authenticated-read') });
});

it('lets everyone list a bucket by its ACL, which ownership controls disable', async () => {
  const url = `${bed.api.platform.s3?.endpoint}/images`;
  await store(['acl', 'set', 'images', 'public-read']);
  expect((await fetch(url)).status).toBe(200);
  expect((await store(['ownership', 'images'])).stdout).toBe('object-writer\n');
  const open = await store(['ownership', 'images', 'bucket-owner-enforced']);
  expect(open).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('holdfast object-store acl set <bucket> private'),
  });
  await store(['acl', 'set', 'images', 'private']);
  expect((await fetch(url)).status).toBe(403);
  expect(await store(['ownership', 'images', 'bucket-owner-enforced'])).toMatchObject({ code: 0 });
  expect(await json(['ownership', 'images'])).toEqual({ bucket: 'images', ownership: 'bucket-owner-enforced' });
  const disabled = await store(['acl', 'set', 'images', 'public-read']);
  expect(disabled).toMatchObject({ code: 2, stderr: expect.stringContaining('ACLs are disabled by') });
  expect(await store(['ownership', 'images', 'object-writer'])).toMatchObject({ code: 0 });
});

it('blocks public access, all of it or what is named', async () => {
  const url = await put('blocked');
  await store(['acl', 'set', 'images', 'public-read', 'blocked']);
  const block = (...words: string[]) => store(['public-access-block', ...words]);
  expect((await block('get', 'images')).stdout).toBe('images has no public access block.\n');
  expect(await block('set', 'images')).toMatchObject({ code: 0 });
  expect((await fetch(url)).status).toBe(403);
  expect((await block('get', 'images')).stdout).toMatchInlineSnapshot(`
    "block-public-acls        on
    ignore-public-acls       on
    block-public-policy      on
    restrict-public-buckets  on
    "
  `);
  expect(await store(['acl', 'set', 'images', 'public-read', 'blocked'])).toMatchObject({ code: 4 });
  await block('set', 'images', 'block-public-acls');
  expect((await fetch(url)).status).toBe(200);
  expect(await json(['public-access-block', 'get', 'images'])).toEqual({
    bucket: 'images',
    publicAccessBlock: {
      'block-public-acls': true,
      'ignore-public-acls': false,
      'block-public-policy': false,
      'restrict-public-buckets': false,
    },
  });
  expect(await block('unset', 'images')).toMatchObject({ code: 0 });
  expect(await json(['public-access-block', 'get', 'images'])).toMatchObject({ publicAccessBlock: null });
});

it('shows what is known of an object, of old versions and of snapshots', async () => {
  await store(['versioning', 'images', 'enabled']);
  await put('known', 'old');
  await store(['snapshots', 'create', 'images', 'monday']);
  const { versionId } = await json(['stat', 'images', 'known']);
  await put('known', 'newer');
  await store(['tags', 'set', 'images', 'known', '--tag', 'a=1', '--tag', 'b=2']);
  const shown = (await store(['head', 'images', 'known'])).stdout
    .replace(/(?<=version +)\S+/, '…')
    .replace(/\(\d{4}-.*\)/, '(…)')
    .replace(/\S+ ago|just now/, '…');
  expect(shown).toMatchInlineSnapshot(`
    "key         known
    size        5 B
    type        application/octet-stream
    etag        0c10f4a0c12ba89211235026b861263d
    changed     … (…)
    version     …
    encryption  AES256
    tags        a=1
                b=2
    "
  `);
  expect(await json(['stat', 'images', 'known'])).toMatchObject({
    key: 'known',
    size: 5,
    etag: '0c10f4a0c12ba89211235026b861263d',
    legalHold: false,
    tags: { a: '1', b: '2' },
  });
  expect(await json(['stat', 'images', 'known', '--version-id', versionId])).toMatchObject({ size: 3, tags: {} });
  expect(await json(['stat', 'images', 'known', '--snapshot', 'monday'])).toMatchObject({ size: 3 });
});

it('says which object, version or snapshot is not there, and which is a deletion', async () => {
  await put('gone');
  await store(['rm', 'images', 'gone', '--yes']);
  const [{ versionId }] = await json(['ls', 'images', 'gone', '--versions']);
  const stat = async (...words: string[]) => {
    const { code, stderr } = await store(['stat', 'images', ...words]);
    return [code, stderr];
  };
  expect(await stat('gone')).toEqual([3, expect.stringContaining('has no object "gone"')]);
  expect(await stat('known', '--version-id', versionId)).toEqual([3, expect.stringContaining('has no version')]);
  expect(await stat('known', '--snapshot', 'never')).toEqual([3, expect.stringContaining('has no snapshot never')]);
  expect(await stat('gone', '--version-id', versionId)).toEqual([
    2,
    expect.stringContaining('that version is a deletion'),
  ]);
});
