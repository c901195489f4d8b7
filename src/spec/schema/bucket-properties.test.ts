import { expect, it } from 'vitest';
import { failure, parse, problems } from '../../../tests/support/app-files.ts';

it.each([
  ['cors: https://a.example', /cors: expected a list, found "https:\/\/a\.example"$/],
  ['cors: []', /cors: expected 1 to 100 entries, found 0$/],
  ['cors: [{ methods: [GET] }]', /cors\[0\]\.origins: is required: /],
  ['cors: [{ origins: ["*"], allowedMethods: [GET] }]', /allowedMethods: unknown key; did you mean "methods"\?$/],
  ['cors: ["*", 5]', /cors\[1\]: expected an origin, such as .*, or a rule, found 5$/],
  ['cors: [{ origins: ["*"], methods: [PATCH] }]', /methods\[0\]: expected one of GET, .*, found "PATCH"$/],
  ['cors: [{ origins: ["*"], headers: ["a*b*"] }]', /headers\[0\]: expected the name of a header, with one \* at/],
  ['cors: [{ origins: ["*"], exposeHeaders: ["*"] }]', /exposeHeaders\[0\]: expected the name of a header, found/],
  ['cors: [{ origins: ["*"], maxAge: 2d }]', /maxAge: expected a duration from 0s to 24h/],
  ['events: [{ types: [created] }]', /events\[0\]\.webhook: is required: the name of a webhook$/],
  ['events: [{ webhook: "https://a.example" }]', /webhook: expected the name of a webhook, found "https:/],
  ['events: [{ webhook: a, types: [create] }]', /types\[0\]: expected one of created, .*did you mean "created"\?$/],
  ['events: [{ webhook: a, types: [] }]', /types: expected 1 to 100 entries, found 0$/],
  ['events: [{ webhook: a, event: [created] }]', /event: unknown key; expected webhook, types, prefix, suffix$/],
  ['events: [{ webhook: a }, { webhook: b, prefix: x }]', /events\[1\]: some events would be of entry 0 as well/],
  ['events: [{ webhook: a, prefix: x, suffix: .b }, { webhook: b, suffix: a.b }]', /events\[1\]: some events/],
  ['logging: { prefix: a/ }', /logging\.bucket: is required: the name of a bucket of this file$/],
  ['logging: { bucket: c }', /logging\.bucket: expected the name of a bucket of this file, found "c"/],
  ['logging: { bucket: b, byDate: requests }', /byDate: expected one of request, delivery.*did you mean "request"\?$/],
  [`logging: { bucket: b, prefix: "${'a'.repeat(769)}" }`, /prefix: expected how keys begin/],
  ['accessLog: { bucket: b }', /accessLog: unknown key; did you mean "logging"\?$/],
  ['lifecycle: { expireAfter: 7 }', /lifecycle: expected a list, found a map$/],
  ['lifecycle: [{ prefix: tmp/ }]', /lifecycle\[0\]: expected at least one of expireAfter, .* found none$/],
  ['lifecycle: [{ expiresAfter: 7 }]', /expiresAfter: unknown key; did you mean "expireAfter"\?$/],
  ['lifecycle: [{ expireAfter: 12h }]', /expireAfter: expected whole days from 1 to 36500, such as 30d .*"12h"$/],
  ['lifecycle: [{ expireAfter: 0 }]', /expireAfter: expected whole days .*, found 0$/],
  ['lifecycle: [{ expireAfter: 1.5 }]', /expireAfter: expected whole days .*, found 1\.5$/],
  ['lifecycle: [{ expireAfter: 7, tags: {} }]', /tags: expected 1 to 10 tags, found 0$/],
  ['lifecycle: [{ expireAfter: 7, tags: { a!: b } }]', /tags\.a!: expected the name of a tag: /],
  ['lifecycle: [{ expireAfter: 7, tags: { a: [] } }]', /tags\.a: expected the value of a tag: .*, found a list$/],
  ['lifecycle: [{ expireAfter: 7, tags: { a: b! } }]', /tags\.a: expected the value of a tag: .*, found "b!"$/],
  ['lifecycle: [{ abortUploadsAfter: 1, largerThan: 1 }]', /abortUploadsAfter: .* neither tags nor a size/],
  ['lifecycle: [{ expireAfter: 1, keepOldVersions: 2 }]', /keepOldVersions: .* there is no expireOldVersionsAfter$/],
  ['lifecycle: [{ expireAfter: 1, largerThan: 2, smallerThan: 2 }]', /smallerThan: expected more than largerThan/],
])('says of %s what it expects', (yaml, message) => {
  const found = problems(`resources:\n  b: { type: bucket, properties: { ${yaml} } }`);
  expect(found).toEqual([expect.stringMatching(message)]);
});

it('takes entries of events that tell themselves apart', () => {
  const entries = [
    { webhook: 'a', types: ['created'], prefix: 'x/' },
    { webhook: 'b', types: ['created'], prefix: 'y/' },
    { webhook: 'a', types: ['removed'], suffix: '.a' },
    { webhook: 'a', types: ['removed'], suffix: '.b' },
  ];
  const text = JSON.stringify({ resources: { b: { type: 'bucket', properties: { events: entries } } } });
  expect(parse(text).spec.buckets.b?.events).toEqual(entries);
});

it('takes origins as browsers send them, and no others', () => {
  const file = (origin: string) =>
    `resources: { b: { type: bucket, properties: { cors: [${JSON.stringify(origin)}] } } }`;
  const right = ['*', 'https://a.example', 'http://localhost:3000', 'https://*.a.example', 'http://localhost:*'];
  for (const origin of [...right, 'https://*', 'http*://a.example', 'capacitor://localhost', 'http://[::1]:80*']) {
    expect(parse(file(origin)).spec.buckets.b?.cors?.[0]?.origins).toEqual([origin]);
  }
  const wrong = [
    'a.example',
    'https://a.example/',
    'https://A.example',
    'https://a.example:443',
    'https://*.*.a',
    '',
    'https://',
  ];
  for (const origin of [...wrong, 'https://a.example/x', 'https://u@a.example', 'app://a/b', 'null', 'https://a b']) {
    expect(failure(file(origin)).message).toContain('cors[0]: expected an origin, such as https://app.example.com');
  }
});
