import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { HoldfastError } from './errors.ts';

test.each([
  ['ENOSPC', 'disk.full', 'exhausted'],
  ['EDQUOT', 'disk.full', 'exhausted'],
  ['EROFS', 'disk.read-only', 'unavailable'],
  ['EIO', 'disk.failed', 'unavailable'],
  ['EMFILE', 'process.files', 'exhausted'],
])('what the system calls %s is %s: it may work later', (code, expected, kind) => {
  const cause = Object.assign(new Error(code), { code, path: '/data' });
  const error = HoldfastError.from(cause);
  expect(error).toMatchObject({ code: expected, kind, retryable: true, resource: '/data', cause });
});

test('what nothing better can be said of is internal', async () => {
  const cause = await open('/proc/none').catch((error: unknown) => error);
  expect(HoldfastError.from(cause)).toMatchObject({ code: 'internal', kind: 'internal', retryable: false, cause });
});
