import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';

/** `holdfast object-store policy|website|cors|lifecycle|logging|webhooks|events`. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);

beforeAll(async () => {
  bed = await startCliObjects();
});
afterAll(() => bed[Symbol.asyncDispose]());

it('sets, prints and unsets a policy', async () => {
  const policy = {
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::images/*' }],
  };
  await writeFile(join(bed.directory, 'policy.json'), JSON.stringify(policy));
  await store(['put', 'images', '-', 'open.txt'], { input: 'open' });
  const url = `${bed.api.platform.s3?.endpoint}/images/open.txt`;
  expect((await fetch(url)).status).toBe(403);
  expect(await store(['policy', 'set', 'images', 'policy.json'])).toMatchObject({
    code: 0,
    stdout: 'The policy of images is set.\n',
  });
  expect((await fetch(url)).status).toBe(200);
  expect(JSON.parse((await store(['policy', 'get', 'images'])).stdout)).toEqual(policy);
  expect(await store(['policy', 'unset', 'images'])).toMatchObject({ code: 0 });
  expect((await fetch(url)).status).toBe(403);
  const gone = await store(['policy', 'get', 'images']);
  expect([gone.code === 0, gone.stderr]).toEqual([false, expect.stringContaining('the bucket policy does not exist')]);
});

it('says what is wrong with a policy', async () => {
  const wrong = await store(['policy', 'set', 'images', '-'], { input: '{"Statement":[{}]}' });
  expect([wrong.code === 0, wrong.stderr]).toEqual([false, expect.stringContaining('Missing required field Effect')]);
});

it('sets, prints and unsets a website configuration', async () => {
  const website = {
    IndexDocument: { Suffix: 'index.html' },
    RoutingRules: [
      { Condition: { KeyPrefixEquals: 'a&b/' }, Redirect: { ReplaceKeyPrefixWith: 'c/', HttpRedirectCode: '302' } },
    ],
  };
  const set = await store(['website', 'set', 'images', '-'], { input: JSON.stringify(website) });
  expect(set).toMatchObject({ code: 0 });
  expect(JSON.parse((await store(['website', 'get', 'images'])).stdout)).toEqual(website);
  expect(await store(['website', 'unset', 'images'])).toMatchObject({ code: 0 });
  const gone = await store(['website', 'get', 'images']);
  expect([gone.code === 0, gone.stderr]).toEqual([false, expect.stringContaining('website configuration')]);
});

it('sets, prints and unsets CORS rules', async () => {
  const rules = {
    CORSRules: [{ ID: 'a&b', AllowedOrigins: ['https://*.example', '*'], AllowedMethods: ['GET'], MaxAgeSeconds: 60 }],
  };
  const set = await store(['cors', 'set', 'images', '-'], { input: JSON.stringify(rules) });
  expect(set).toMatchObject({ code: 0, stdout: 'The cors of images is set.\n' });
  expect(JSON.parse((await store(['cors', 'get', 'images'])).stdout)).toEqual(rules);
  expect(await store(['cors', 'unset', 'images'])).toMatchObject({ code: 0 });
  const wrong = await store(['cors', 'set', 'images', '-'], { input: '{"CORSRules":[{"Origins":[]}]}' });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('these are no CORS rules') });
});

it('sets, prints and unsets lifecycle rules', async () => {
  const Status = 'Enabled';
  const rules = {
    Rules: [
      { ID: 'all', Filter: {}, Status, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
      {
        ID: 'some',
        Filter: { And: { Prefix: 'a&b/', ObjectSizeGreaterThan: 10, Tags: [{ Key: 'keep', Value: '1' }] } },
        Status,
        Expiration: { Days: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 3, NewerNoncurrentVersions: 2 },
      },
      { ID: 'markers', Prefix: 'x', Status: 'Disabled', Expiration: { ExpiredObjectDeleteMarker: true } },
    ],
  };
  const set = await store(['lifecycle', 'set', 'images', '-'], { input: JSON.stringify(rules) });
  expect(set).toMatchObject({ code: 0 });
  expect(JSON.parse((await store(['lifecycle', 'get', 'images'])).stdout)).toEqual(rules);
  expect(await store(['lifecycle', 'unset', 'images'])).toMatchObject({ code: 0 });
  const wrong = await store(['lifecycle', 'set', 'images', '-'], { input: '{"Rules":[{"Expiration":{}}]}' });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('these are no lifecycle rules') });
});

it('sets, prints and unsets where the access log goes', async () => {
  expect(await store(['logging', 'get', 'images'])).toMatchObject({ code: 0, stdout: 'images has no access log.\n' });
  expect(await store(['logging', 'set', 'images', 'images'])).toMatchObject({
    code: 0,
    stdout: 'The access log of images goes to images/images/, within some minutes.\n',
  });
  expect((await store(['logging', 'get', 'images'])).stdout).toBe('images/images/\n');
  await store(['logging', 'set', 'images', 'images', '--prefix', 'a&b/', '--by-date', 'delivery']);
  expect((await store(['logging', 'get', 'images'])).stdout).toBe('images/a&b/, by the date of the delivery\n');
  const { stdout } = await store(['logging', 'get', 'images', '--json']);
  expect(JSON.parse(stdout)).toEqual({ bucket: 'images', target: 'images', prefix: 'a&b/', byDate: 'delivery' });
  expect(await store(['logging', 'unset', 'images'])).toMatchObject({ code: 0 });
  expect((await store(['logging', 'get', 'images'])).stdout).toBe('images has no access log.\n');
  const wrong = await store(['logging', 'set', 'images', 'nowhere']);
  expect([wrong.code === 0, wrong.stderr]).toEqual([false, expect.stringContaining('there is no bucket "nowhere"')]);
});

it('registers a webhook, sends a bucket’s events to it, and shows what did not reach it', async () => {
  const refused = await store(['webhooks', 'add', 'hook', 'https://10.0.0.1/events']);
  expect([refused.code === 0, refused.stderr]).toEqual([
    false,
    expect.stringContaining('10.0.0.1 is at 10.0.0.1, which is neither public nor in HOLDFAST_WEBHOOK_ALLOW'),
  ]);
  const added = await store(['webhooks', 'add', 'hook', 'https://127.0.0.1:1/events']);
  expect(added).toMatchObject({ code: 0 });
  expect(added.stdout).toMatch(/^The webhook hook is at .*\nIts secret, shown this once: whsec_\S{44}\n$/);
  expect((await store(['webhooks', 'add', 'hook', 'https://127.0.0.1:1/'])).stdout).not.toContain('whsec_');

  const subscribed = await store(['events', 'subscribe', 'images', 'hook', '--prefix', 'a & b/', '--suffix', '.jpg']);
  expect(subscribed).toMatchObject({ code: 0, stdout: 'images sends its events to hook.\n' });
  const listed = await store(['events', 'subscriptions', 'images', '--json']);
  const events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'];
  expect(JSON.parse(listed.stdout)).toEqual([
    { id: 'hook', as: 'Queue', webhook: 'hook', events, prefix: 'a & b/', suffix: '.jpg' },
  ]);
  expect(await store(['events', 'subscribe', 'images', 'nobody', '--id', 'x', '--prefix', 'z'])).toMatchObject({
    code: 2,
  });

  const tested = await store(['webhooks', 'test', 'hook']);
  expect(tested.code).not.toBe(0);
  expect(tested.stderr).toContain('ECONNREFUSED');
  expect(await store(['events', 'failed', 'hook'])).toMatchObject({ code: 0, stdout: 'Nothing failed.\n' });
  expect(await store(['events', 'replay', 'hook', '--all'])).toMatchObject({ stdout: '0 events are sent again.\n' });
  expect(await store(['events', 'drop', 'hook'])).toMatchObject({ code: 2 });

  expect((await store(['webhooks', 'remove', 'hook'])).stderr).toContain('gets the events of images');
  expect(await store(['events', 'unsubscribe', 'images', 'hook'])).toMatchObject({ code: 0 });
  expect(await store(['events', 'unsubscribe', 'images', 'hook'])).toMatchObject({ code: 3 });
  expect(await store(['webhooks', 'remove', 'hook'])).toMatchObject({ code: 0 });
  expect(await store(['webhooks', 'list'])).toMatchObject({ stdout: 'No webhooks yet.\n' });
});
