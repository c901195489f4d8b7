import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseCustomerKey } from './customer-key.ts';

const key = randomBytes(32);

test.each([
  ['raw', key],
  ['base64', Buffer.from(key.toString('base64'))],
  ['base64 with a line end', Buffer.from(`${key.toString('base64')}\n`)],
  ['base64 without padding', Buffer.from(key.toString('base64').replace('=', ''))],
  ['hex', Buffer.from(`${key.toString('hex').toUpperCase()}\r\n`)],
])('a key may be %s', (_, content) => {
  expect(Buffer.from(parseCustomerKey(content) ?? [])).toEqual(key);
});

test.each([
  ['nothing', ''],
  ['too short', randomBytes(16)],
  ['too long', randomBytes(33)],
  ['a passphrase with a line end', `${'p'.repeat(32)}\n`],
  ['base64 of less', randomBytes(30).toString('base64')],
  ['hex of less', randomBytes(31).toString('hex')],
])('%s is no key', (_, content) => {
  expect(parseCustomerKey(Buffer.from(content))).toBeUndefined();
});
