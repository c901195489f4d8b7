import { expect, test } from 'vitest';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import { Domains } from './domains.ts';

async function withBuckets(...names: string[]) {
  const store = new MemoryObjectStore();
  for (const name of names) await store.createBucket(name);
  const domains = new Domains(store);
  const assign = async (name: string, hosts: readonly string[]) => {
    using _claim = domains.claim(name, hosts);
    domains.remember(await store.updateBucket(name, { documents: { domains: JSON.stringify(hosts) } }));
  };
  return { store, domains, assign };
}

test('a bucket has its own name and the domains that it was given', async () => {
  const { domains, store, assign } = await withBuckets('shop', 'my.blog');
  await assign('shop', ['www.shop.example', 'shop.example']);
  const named = (host: string) => domains.bucketOf(host)?.name;
  expect(['shop.example', 'www.shop.example', 'shop.website.localhost'].map(named)).toEqual(['shop', 'shop', 'shop']);
  expect(named('my.blog.website.localhost')).toBe('my.blog');
  expect(['other.example', 'website.localhost', 'x.website.localhost', ''].map(named)).toEqual(
    Array(4).fill(undefined),
  );
  await assign('shop', ['shop.example']);
  expect(named('www.shop.example')).toBeUndefined();
  expect(new Domains(store).bucketOf('shop.example')?.name).toBe('shop'); // kept with the bucket
});

test('a domain has one bucket, also when two ask for it at once', async () => {
  const { domains, assign } = await withBuckets('one', 'two');
  const results = await Promise.allSettled(['one', 'two'].map((name) => assign(name, ['x.example'])));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(results[1]).toMatchObject({
    reason: { code: 'bucket.domain-taken', message: expect.stringContaining('bucket one') },
  });
  await assign('one', []);
  await assign('two', ['x.example']);
  expect(domains.bucketOf('x.example')?.name).toBe('two');
});

test('the domain of a bucket that is gone is free', async () => {
  const { domains, store, assign } = await withBuckets('one', 'two');
  await assign('one', ['x.example']);
  await store.deleteBucket('one');
  expect(domains.bucketOf('x.example')).toBeUndefined();
  await assign('two', ['x.example']);
  expect(domains.bucketOf('x.example')?.name).toBe('two');
});
