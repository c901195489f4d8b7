import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { isInTheClear, parseCustomerKey } from './customer-key.ts';

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

test('a key goes in the clear where there is no TLS on the way to another machine', () => {
  const clear = ['http://s3.example.com:7301', 'http://10.0.0.1', 'http://localhost.example.com'];
  const closed = ['https://s3.example.com', 'http://127.0.0.1:7301', 'http://[::1]:7301', 'http://s3.localhost:7301'];
  expect([...clear, ...closed].filter(isInTheClear)).toEqual(clear);
});
