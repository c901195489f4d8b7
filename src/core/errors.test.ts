import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { HoldfastError, isDiskError } from './errors.ts';

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

test.each([
  [-5, true],
  [-74, true], // EBADMSG and EUCLEAN: Node has no name for the second
  [-117, true],
  [-28, false],
])('whether an error of number %i is one of the disk: %s', (errno, expected) => {
  expect(isDiskError(Object.assign(new Error('read'), { code: `Unknown system error ${errno}`, errno }))).toBe(
    expected,
  );
});

test('what nothing better can be said of is internal', async () => {
  const cause = await open('/proc/none').catch((error: unknown) => error);
  expect(HoldfastError.from(cause)).toMatchObject({ code: 'internal', kind: 'internal', retryable: false, cause });
});
