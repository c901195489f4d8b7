import { expect, test } from 'vitest';
import { TargetAddresses } from './target-addresses.ts';

const at =
  (...addresses: readonly string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

async function taken(url: string, allowed: readonly string[] = [], addresses: readonly string[] = []) {
  const found = await new TargetAddresses(allowed, at(...addresses)).of(new URL(url));
  return found.map(({ address }) => address);
}

test.each([
  '127.0.0.1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:0:127.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '[2001:db8::1]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
])('a webhook at %s is refused, in the URL and by name', async (host) => {
  await expect(taken(`http://${host}/`)).rejects.toMatchObject({ code: 'webhook.address' });
  const address = new URL(`http://${host}/`).hostname.replace(/[[\]]/g, '');
  await expect(taken('https://example.com/', [], [address])).rejects.toMatchObject({ code: 'webhook.address' });
});

test.each(['93.184.216.34', '172.32.0.1', '100.128.0.1', '[2606:2800:21f:cb07:6820:80da:af6b:8b2c]', '[2a00::1]'])(
  'a webhook at %s is taken',
  async (host) => {
    expect(await taken(`https://${host}/`)).toEqual([host.replace(/[[\]]/g, '')]);
  },
);

test('of a host with public and private addresses only the public ones are connected to', async () => {
  expect(await taken('https://example.com/', [], ['10.0.0.1', '93.184.216.34', '::1'])).toEqual(['93.184.216.34']);
});

test('networks, addresses and host names can be allowed', async () => {
  expect(await taken('http://10.1.2.3/', ['10.1.0.0/16'])).toEqual(['10.1.2.3']);
  await expect(taken('http://10.2.2.3/', ['10.1.0.0/16'])).rejects.toThrow();
  expect(await taken('http://[::ffff:10.1.2.3]/', ['10.1.2.3'])).toHaveLength(1);
  expect(await taken('http://[fd00::5]/', ['fd00::/8'])).toEqual(['fd00::5']);
  expect(await taken('http://Hooks.Internal/', ['hooks.internal'], ['192.168.0.9'])).toEqual(['192.168.0.9']);
  await expect(taken('http://other.internal/', ['hooks.internal'], ['192.168.0.9'])).rejects.toThrow();
});

test.each(['10.0.0.0/33', '10.0.0.0/x', '10.0.0/8', 'fd00::/129', 'a b', '-', '10.0.0.1/'])(
  '%s cannot be allowed',
  (entry) => {
    expect(() => new TargetAddresses([entry])).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  },
);
