import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { addressForbidden, allowedTarget } from './errors.ts';

export interface TargetAddress {
  readonly address: string;
  readonly family: number;
}

export type Resolve = (host: string) => Promise<readonly TargetAddress[]>;

/** IPv4 that is not globally reachable (IANA IPv4 Special-Purpose Address Registry), multicast, and 6to4's relays. */
const PRIVATE_IPV4 = networks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

/** IPv6 is the other way about: only global unicast is taken, without what is special in it or carries an IPv4 address. */
const GLOBAL_IPV6 = networks(['2000::/3']);
const SPECIAL_IPV6 = networks(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

/** Which addresses webhooks may be at. */
export class TargetAddresses {
  readonly #networks: BlockList;
  readonly #hosts: ReadonlySet<string>;
  readonly #resolve: Resolve;

  /**
   * `allowed`: host names, addresses and networks that are taken though they are not public.
   * @throws HoldfastError `config.invalid`
   */
  constructor(allowed: readonly string[], resolve: Resolve = resolveHost) {
    const isHost = (entry: string) => HOST_NAME.test(entry) && isIP(entry) === 0;
    this.#hosts = new Set(allowed.filter(isHost).map((host) => host.toLowerCase()));
    this.#networks = networks(allowed.filter((entry) => !isHost(entry)));
    this.#resolve = resolve;
  }

  /**
   * Those of the host that may be connected to. A host with public and other addresses has only the public ones.
   * @throws HoldfastError `webhook.address` where there are none; the errors of `resolve`
   */
  async of(url: URL): Promise<readonly TargetAddress[]> {
    const host = hostOf(url);
    const family = isIP(host);
    return this.#taken(host, family === 0 ? await this.#resolve(host) : [{ address: host, family }]);
  }

  /**
   * Where most names lead is known only when it is asked for; an address is refused as soon as it is given, and so is
   * this machine (RFC 6761 section 6.3).
   * @throws HoldfastError `webhook.address`
   */
  checkAddress(url: URL): void {
    const host = hostOf(url);
    const address = LOCALHOST.test(host) ? '127.0.0.1' : host;
    const family = isIP(address);
    if (family !== 0) this.#taken(host, [{ address, family }]);
  }

  #taken(host: string, addresses: readonly TargetAddress[]): readonly TargetAddress[] {
    if (this.#hosts.has(host)) return addresses;
    const taken = addresses.filter(({ address }) => isPublic(address) || contains(this.#networks, address));
    if (taken.length === 0) throw addressForbidden(host, addresses[0]?.address ?? 'no address');
    return taken;
  }
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;
const LOCALHOST = /^(.+\.)?localhost\.?$/i;
/** RFC 4291 section 2.5.5.2; Node and URL write the rest in hex. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i;

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

async function resolveHost(host: string): Promise<readonly TargetAddress[]> {
  return lookup(host, { all: true });
}

function isPublic(address: string): boolean {
  const plain = unmapped(address);
  if (isIP(plain) === 4) return !PRIVATE_IPV4.check(plain);
  return isIP(plain) === 6 && GLOBAL_IPV6.check(plain, 'ipv6') && !SPECIAL_IPV6.check(plain, 'ipv6');
}

function contains(list: BlockList, address: string): boolean {
  const plain = unmapped(address);
  return list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
}

/** An IPv4 address in IPv6 clothes is the IPv4 address that the connection goes to. */
function unmapped(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  const value = Number.parseInt(high, 16) * 2 ** 16 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function networks(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    const width = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
    if (family === 0 || !/^\d{1,3}$/.test(bits ?? '0') || width > (family === 4 ? 32 : 128)) throw allowedTarget(entry);
    list.addSubnet(address, width, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
