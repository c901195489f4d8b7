import { hc } from 'hono/client';
import { beforeEach, expect, test } from 'vitest';
import { withEncodedParams } from './encoded-params.ts';
import type { Routes } from './routes.ts';

const asked: string[] = [];
const api = withEncodedParams(
  hc<Routes>('http://localhost/v1', {
    fetch: async (input: string | URL | Request) => {
      asked.push(String(input));
      return new Response('{}');
    },
  }),
);

beforeEach(() => {
  asked.length = 0;
});

test('a name stays one segment of the path, and the query is as it was', async () => {
  await api.buckets[':id'].credentials.$get({ param: { id: 'a/b?c%2F ä' }, query: { from: 'x/y' } });
  await api.buckets.$get({ query: {} });
  expect(asked).toEqual([
    'http://localhost/v1/buckets/a%2Fb%3Fc%252F%20%C3%A4/credentials?from=x%2Fy',
    'http://localhost/v1/buckets',
  ]);
});

test.each(['', '.', '..', '%2e', '.%2E'])('of %j, which a path cannot carry, nothing is asked', (id) => {
  expect(() => api.buckets[':id'].$get({ param: { id } })).toThrow(expect.objectContaining({ code: 'name.invalid' }));
  expect(asked).toEqual([]);
});
