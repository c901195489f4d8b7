import { expect, test } from 'vitest';
import { uploadPage } from './upload-listing.ts';

test('a page of uploads pauses, also where none of them shows, and takes those that are left once', () => {
  const uploads = new Map(Array.from({ length: 1000 }, (_, n) => [n, { key: `key-${n % 7}`, uploadId: `${n}` }]));
  const page = uploadPage(uploads.values(), { limit: 2000 });
  let pauses = 0;
  let step = page.next();
  for (; !step.done; step = page.next()) {
    const last = uploads.get(999);
    if (pauses === 0 && last) uploads.set(999, { ...last }); // another part came
    if (pauses === 0) uploads.delete(998);
    pauses++;
  }
  expect(step.value.uploads).toHaveLength(999);
  expect(new Set(step.value.uploads.map(({ uploadId }) => uploadId)).size).toBe(999);
  expect(pauses).toBe(15);
  const ofOthers = uploadPage(Array<undefined>(1000).fill(undefined), { limit: 1 });
  expect([...ofOthers]).toHaveLength(15);
});
