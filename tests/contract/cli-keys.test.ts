import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Storage } from '../../sdk/src/index.ts';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';

/** `holdfast object-store keys`. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);

beforeAll(async () => {
  bed = await startCliObjects();
});
afterAll(() => bed[Symbol.asyncDispose]());

describe('keys', () => {
  const environmentOf = (text: string) =>
    Object.fromEntries(text.split('\n').map((line) => line.split(/=(.*)/s))) as Env;
  const storageOf = ({ BUCKET_NAME: bucket, ...env }: Env) =>
    new Storage(bucket, {
      endpoint: env.AWS_ENDPOINT_URL_S3,
      region: env.AWS_REGION,
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    });
  const statusOf = (work: Promise<unknown>) =>
    work.then(
      () => 200,
      (error: { status?: number }) => error.status,
    );

  it('prints the key of one bucket, as before', async () => {
    const { stdout } = await store(['keys', 'images']);
    expect(Object.keys(environmentOf(stdout.trim()))).toEqual([
      'BUCKET_NAME',
      'AWS_ENDPOINT_URL_S3',
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
    ]);
    expect((await store(['credentials', 'images'])).stdout).toBe(stdout);
  });

  it('makes one that reaches what was said, lists it without its secret, rotates and revokes it', async () => {
    const args = ['create', 'images', '--prefix', 'in/', '--write-only', '--expires', '30d', '--description', 'camera'];
    const made = environmentOf((await store(['keys', ...args])).stdout.trim());
    expect(await statusOf(storageOf(made).put('in/a', 'a'))).toBe(200);
    expect(await statusOf(storageOf(made).put('a', 'a'))).toBe(403);
    expect(await statusOf(storageOf(made).get('in/a'))).toBe(403);

    const id = made.AWS_ACCESS_KEY_ID;
    const listed = await store(['keys', 'list']);
    expect(listed.stdout).toMatch(new RegExp(`${id} +key:\\w+ +images/in/\\* \\(write only\\) .* in 30d +camera`));
    const all = await store(['keys', 'list', '--json']);
    for (const { stdout } of [listed, all]) expect(stdout).not.toContain(made.AWS_SECRET_ACCESS_KEY);

    const next = environmentOf((await store(['keys', 'rotate', id, '--grace', '2h'])).stdout.trim());
    for (const env of [made, next]) expect(await statusOf(storageOf(env).put('in/a', 'a'))).toBe(200);
    expect((await store(['keys', 'list'])).stdout).toMatch(
      new RegExp(`${id} .* in 2h +replaced by ${next.AWS_ACCESS_KEY_ID}`),
    );
    expect(await store(['keys', 'rotate', id])).toMatchObject({ code: 5 });

    expect(await store(['keys', 'revoke', id])).toMatchObject({ code: 0, stdout: `The key ${id} is revoked.\n` });
    expect(await statusOf(storageOf(made).put('in/a', 'a'))).toBe(403);
    expect(await statusOf(storageOf(next).put('in/a', 'a'))).toBe(200);
    expect(await store(['keys', 'revoke', id])).toMatchObject({ code: 3 });
  });

  it('says how long a replaced key goes on, who still runs with it, and what to do', async () => {
    const rotate = (id: string | undefined, grace: string) => store(['keys', 'rotate', id ?? '', '--grace', grace]);
    const made = environmentOf((await store(['keys', 'create', 'images'])).stdout.trim());
    const plain = await rotate(made.AWS_ACCESS_KEY_ID, '2h');
    expect(plain.stderr).toMatch(/^The old key HFAK\w+ goes on until \d{4}-\d\d-\d\d \d\d:\d\d UTC \(in 2h\)\.\n$/);

    const first = await bed.admin.ensureKey({ owner: 'shop/web', buckets: ['images'] });
    const { stdout, stderr } = await rotate(first.accessKeyId, '2h');
    expect(stderr).toContain(`The old key ${first.accessKeyId} goes on until`);
    expect(stderr).toContain(
      'and shop/web still runs with it: shop-web-1.\nDeploy shop before then: `holdfast deploy`',
    );
    const second = environmentOf(stdout.trim()).AWS_ACCESS_KEY_ID;
    expect((await store(['keys', 'list'])).stdout).toContain(`replaced by ${second}, still used by shop-web-1\n`);
    const again = await rotate(second, '0s');
    expect(again.stderr).toContain(`The old key ${second} has ended.`);
  });

  it('ends at once what was signed with a key that is revoked or has no grace', async () => {
    const made = environmentOf((await store(['keys', 'create', 'images'])).stdout.trim());
    await storageOf(made).put('signed', 'x');
    const url = await storageOf(made).url('signed', { expiresIn: 600 });
    expect((await fetch(url)).status).toBe(200);
    const { stdout } = await store(['keys', 'rotate', made.AWS_ACCESS_KEY_ID, '--grace', '0s']);
    const expired = await fetch(url);
    expect([expired.status, await expired.text()]).toEqual([400, expect.stringContaining('<Code>ExpiredToken</Code>')]);
    const next = environmentOf(stdout.trim());
    const nextUrl = await storageOf(next).url('signed', { expiresIn: 600 });
    expect((await fetch(nextUrl)).status).toBe(200);
    await store(['keys', 'revoke', next.AWS_ACCESS_KEY_ID]);
    const revoked = await fetch(nextUrl);
    expect([revoked.status, await revoked.text()]).toEqual([403, expect.stringContaining('InvalidAccessKeyId')]);
  });

  it.each([
    [['create'], 'no bucket is named'],
    [['create', 'images', '--read-only', '--write-only'], 'exclude each other'],
    [['create', 'images', '--all-buckets'], '--all-buckets is for everything'],
    [['create', 'images', '--expires', 'soon'], 'is not a duration'],
    [['create', 'images', '--expires', '0s'], 'expiresInSeconds'],
    [['create', 'images', '--expires', '0s'], 'see `holdfast object-store keys create --help`'],
  ])('refuses %j', async (args, message) => {
    expect(await store(['keys', ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('knows no such bucket', async () => {
    expect(await store(['keys', 'create', 'nothing'])).toMatchObject({ code: 3 });
  });
});

interface Env {
  readonly BUCKET_NAME: string;
  readonly AWS_ENDPOINT_URL_S3: string;
  readonly AWS_REGION: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}
