import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestEvents } from '../../../tests/support/test-events.ts';

let bench: TestEvents;

beforeEach(async () => {
  bench = await TestEvents.start();
});

afterEach(() => bench[Symbol.asyncDispose]());

test('redirects are not followed, and private addresses are refused', async () => {
  await bench.hook();
  bench.answer = () => 307;
  expect(await bench.admin.testWebhook({ name: 'hook' })).toEqual({
    delivered: false,
    error: '307: redirects are not followed',
  });
  expect(bench.received).toHaveLength(1);
  await bench.restart({ allow: [] });
  expect(await bench.admin.testWebhook({ name: 'hook' })).toMatchObject({
    delivered: false,
    error: '127.0.0.1 is at 127.0.0.1, which is neither public nor in HOLDFAST_WEBHOOK_ALLOW',
  });
  expect(bench.received).toHaveLength(1);
});

test('an address that nothing would be sent to is refused when it is given, and a known webhook keeps its own', async () => {
  await bench.hook();
  await bench.restart({ allow: ['10.1.0.0/16', 'localhost'] });
  const put = (url: string) => bench.admin.putWebhook({ name: 'hook', url });
  for (const host of ['10.0.0.1', '169.254.169.254', '[::1]', 'app.localhost'])
    await expect(put(`http://${host}/events`)).rejects.toMatchObject({ code: 'webhook.address' });
  expect(await bench.admin.listWebhooks({})).toMatchObject([{ name: 'hook', url: bench.url }]);
  for (const host of ['10.1.0.1', 'localhost:3000', 'hooks.example.com']) await put(`http://${host}/events`);
});

test('a webhook is known by its name, keeps its secret, and stays while a bucket names it', async () => {
  const secret = await bench.hook();
  expect(await bench.admin.putWebhook({ name: 'hook', url: `${bench.url}/2` })).not.toHaveProperty('secret');
  const renewed = await bench.admin.putWebhook({ name: 'hook', url: bench.url, renewSecret: true });
  expect(renewed.secret).not.toBe(secret);
  await bench.rules({});
  expect(await bench.admin.listWebhooks({})).toMatchObject([{ name: 'hook', url: bench.url, buckets: ['data'] }]);
  await expect(bench.admin.removeWebhook({ name: 'hook' })).rejects.toMatchObject({ code: 'webhook.in-use' });
  await bench.rules({ webhook: 'other' });
  await bench.admin.removeWebhook({ name: 'hook' });
  expect(await bench.admin.listWebhooks({})).toEqual([]);
  await expect(bench.admin.putWebhook({ name: 'Hook', url: bench.url })).rejects.toMatchObject({
    code: 'webhook.name',
  });
  for (const wrong of ['ftp://example.com', 'nothing', 'https://me:pw@example.com/']) {
    await expect(bench.admin.putWebhook({ name: 'hook', url: wrong })).rejects.toMatchObject({ code: 'webhook.url' });
  }
});
