import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageView } from '../../src/control/platform.ts';
import { CliBed } from '../support/cli-bed.ts';

/** Volumes, filesystems and buckets from the command line. */

let cli: CliBed;

beforeAll(async () => {
  cli = await CliBed.open();
});
afterAll(() => cli[Symbol.asyncDispose]());

describe('before anything is deployed', () => {
  it('creates storage without any app, as the examples of its users do', async () => {
    const volume = await cli.succeed(['volumes', 'create', 'data', '--region', 'ewr', '--size', '25']);
    expect(volume.stdout).toBe('The volume data (vol_xxxxxxxxxxxxxxxxxxxxxxx) of 25 GB is there in ewr.\n');
    const bucket = await cli.succeed(['object-store', 'create', 'my-app-images', '--app', 'my-app']);
    expect(bucket.stdout).toBe(
      'The bucket my-app-images (buc_xxxxxxxxxxxxxxxxxxxxxxx) is there for my-app, whose services reach it from their next deploy on.\n',
    );
    expect(await cli.json<StorageView[]>(['buckets', 'list', '--app', 'my-app'])).toMatchObject([{ app: 'my-app' }]);
    expect((await cli.succeed(['volumes', 'list'])).stdout).toMatchInlineSnapshot(`
      "NAME  ID                           APP  STATE   REGION  SIZE   USED  ATTACHED TO  CREATED
      data  vol_xxxxxxxxxxxxxxxxxxxxxxx  -    active  ewr     25 GB  0 B   -            3h ago
      "
    `);
  });

  it('says what to do when there is no app', async () => {
    const run = await cli.holdfast(['status']);
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toMatchInlineSnapshot(`
      "error: nothing is deployed yet
      hint:  deploy an app with \`holdfast deploy\`, or begin one with \`holdfast launch\`
      "
    `);
  });
});

describe('storage', () => {
  it('is shown, extended, snapshotted, destroyed and recovered', async () => {
    expect(
      (await cli.succeed(['volumes', 'show', 'data'])).stdout.replace(/\(\d{4}-.*\)/, '(…)'),
    ).toMatchInlineSnapshot(`
      "name         data
      id           vol_xxxxxxxxxxxxxxxxxxxxxxx
      app          -
      state        active
      region       ewr
      size         25 GB
      used         0 B
      attached to  -
      created      3h ago (…)
      "
    `);
    expect(await cli.json<StorageView>(['volumes', 'extend', 'data', '--size', '64GiB'])).toMatchObject({
      sizeBytes: 64 * 2 ** 30,
    });
    expect((await cli.succeed(['volumes', 'snapshots', 'create', 'data'])).stdout).toContain('snap_2');
    expect((await cli.succeed(['volumes', 'snapshots', 'list', 'data'])).stdout).toContain('snap_1    3h ago');
    expect((await cli.holdfast(['volumes', 'destroy', 'data'])).code).toBe(2);
    const destroyed = await cli.succeed(['volumes', 'destroy', 'data', '--yes']);
    expect(destroyed.stdout).toMatch(
      /^The volume data is destroyed; it is purged in (1d|23h)\. Until then: holdfast volumes recover vol_/,
    );
    expect(await cli.json<StorageView>(['volumes', 'recover', 'data'])).toMatchObject({ state: 'active' });
    expect((await cli.succeed(['volumes', 'destroy', 'data', '--now', '--yes'])).stdout).toContain('for good');
    await cli.succeed(['filesystems', 'create', 'shared', '--app', 'photos']);
    expect(await cli.json<StorageView[]>(['filesystems', 'list'])).toMatchObject([{ name: 'shared', app: 'photos' }]);
  });

  it('hands out credentials as variables', async () => {
    expect((await cli.succeed(['storage', 'keys', 'my-app-images'])).stdout).toMatchInlineSnapshot(`
      "BUCKET_NAME=my-app-images
      AWS_ENDPOINT_URL_S3=http://127.0.0.1:1
      AWS_REGION=local
      AWS_ACCESS_KEY_ID=AKFAKE
      AWS_SECRET_ACCESS_KEY=fake-secret
      "
    `);
  });

  it('tells which master key there is, restores its file, and rotates it', async () => {
    expect((await cli.succeed(['master-key', 'show'])).stdout).toBe(
      'Master key 0123456789abcdef, in /data/keys/master.key.\n',
    );
    expect((await cli.succeed(['master-key', 'restore'])).stdout).toBe(
      'Master key 0123456789abcdef is back in /data/keys/master.key.\n',
    );
    const rotated = await cli.succeed(['master-key', 'rotate']);
    expect(rotated.stdout).toBe(
      'Master key 0123456789abcdef has sealed 1 bucket key, 2 access keys, 0 webhook secrets and 3 secrets. The earlier key is out of the file.\n',
    );
    expect(rotated.stderr).toContain('Copy /data/keys/master.key to another place');
  });

  it('signs URLs on its own', async () => {
    const { url } = await cli.json<{ url: string }>([
      'object-store',
      'presign',
      'my-app-images',
      'a b.jpg',
      '--expires-in',
      '15m',
    ]);
    expect(new URL(url).pathname).toBe('/my-app-images/a%20b.jpg');
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('900');
  });
});
