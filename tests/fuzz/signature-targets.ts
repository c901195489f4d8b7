import { type Authenticate, createAuthenticator } from '../../src/objects/access/authenticate.ts';
import type { RequestHead } from '../../src/objects/access/canonical-request.ts';
import type { StoredKey } from '../../src/objects/access/key-file.ts';
import { formatTimestamp } from '../../src/objects/access/signature-v4.ts';
import { parseTarget } from '../../src/objects/s3/request-target.ts';
import type { Random } from '../simulation/random.ts';
import { presign, sha256, signRequest } from '../support/s3-signer.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutateText } from './mutation.ts';

const KEY: StoredKey = {
  accessKeyId: 'HFAKFUZZFUZZFUZZFUZZ',
  secretAccessKey: 'a secret that no input contains',
  owner: 'fuzz/web',
  grants: [{ bucket: 'photos', access: 'read-write' }],
  createdAt: 0,
};
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const HOST = 's3.example.test';
/** The product's, with one key and a clock that stands. */
export const fuzzedAuthenticate = createAuthenticator(
  { find: (id) => (id === KEY.accessKeyId ? KEY : undefined) },
  { clock: { now: () => NOW, sleep: async () => {} } },
);
const WORDS = ['host', 'x-amz-date', 'Signature=', 'Credential=', 'SignedHeaders=', 'X-Amz-Signature=', 'aws4_request'];

const METHODS = ['GET', 'PUT', 'DELETE', 'POST', 'HEAD'] as const;
const PATHS = ['/photos/a', '/photos/x/../y', '/photos/é 🙂', '/photos//', '/photos/a+b%2B', '/'] as const;

/** Accepted is only what means the same as what was signed, by a reading of its own. */
function assertSame(what: string, signed: readonly unknown[], accepted: readonly unknown[]): void {
  const [a, b] = [JSON.stringify(signed), JSON.stringify(accepted)];
  if (a !== b) throw new Error(`a bad signature was accepted (${what}):\nsigned   ${a}\naccepted ${b}`);
}

function sortedQuery(query: RequestHead['query']): readonly string[] {
  return query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map((pair) => JSON.stringify(pair))
    .sort();
}

function meaning({ method, path, query, headers }: RequestHead, names: readonly string[]): readonly unknown[] {
  const values = names.map((name) => (headers.get(name) ?? '').trim().replace(/\s+/g, ' '));
  // `host` and what begins with x-amz- must not be added behind the signature's back.
  const guarded = [...headers.keys()]
    .filter((name) => /^(host$|x-amz-)/.test(name) && headers.get(name)?.trim())
    .sort();
  return [method, path, sortedQuery(query), values, guarded];
}

function signedHead(random: Random): RequestHead {
  const method = random.pick(METHODS);
  const path = random.pick(PATHS);
  const query: RequestHead['query'] = random.chance(0.5)
    ? [
        ['prefix', 'a b'],
        ['list-type', '2'],
        ['é', ''],
      ]
    : [];
  const headers = { host: HOST, 'content-type': 'text/plain', 'x-amz-meta-a': 'one  two', range: 'bytes=0-1' };
  const payload = random.pick([sha256('x'), 'UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']);
  const signed = signRequest(KEY, { method, path, query, headers, payload, now: NOW });
  return { method, path, query, headers: new Map(Object.entries(signed)) };
}

function mutateHead(head: RequestHead, random: Random): RequestHead {
  const headers = new Map(head.headers);
  const name = random.pick(['authorization', 'authorization', ...headers.keys()] as unknown as [string, ...string[]]);
  switch (random.between(0, 5)) {
    case 0:
      return { ...head, path: mutateText(head.path, random) };
    case 1:
      return { ...head, method: random.pick(METHODS) };
    case 2:
      return { ...head, query: [...head.query, [mutateText('versionId', random), mutateText('x', random)]] };
    case 3:
      headers.set(mutateText(random.pick(['x-amz-acl', 'x-amz-copy-source', 'host', 'range']), random), 'public-read');
      return { ...head, headers };
    default:
      headers.set(name, mutateText(headers.get(name) ?? '', random, WORDS));
      return { ...head, headers };
  }
}

const header = (authenticate: Authenticate): FuzzTarget => ({
  name: 'signature in the header',
  attempt(random) {
    const head = signedHead(random);
    const mutated = random.chance(0.02) ? head : mutateHead(head, random);
    const { identity } = authenticate(mutated);
    if (identity.kind === 'anonymous') return false;
    const names = [...head.headers.keys()].filter((name) => name !== 'authorization');
    assertSame('header', meaning(head, names), meaning(mutated, names));
    return true;
  },
});

const presigned = (authenticate: Authenticate): FuzzTarget => ({
  name: 'presigned URL',
  attempt(random) {
    const method = random.pick(METHODS);
    const extra: RequestHead['query'] = random.chance(0.5) ? [['response-content-type', 'text/x é']] : [];
    const path = random.pick(['/photos/a', '/photos/a/b', '/photos']);
    const url = presign(KEY, { method, path, host: HOST, timestamp: formatTimestamp(NOW), extra });
    const read = (text: string, verb: string, host: string): RequestHead => {
      const target = parseTarget(text, host, []);
      return { method: verb, path: target.path, query: target.query, headers: new Map([['host', host]]) };
    };
    const original = read(url, method, HOST);
    const unchanged = random.chance(0.02);
    const mutated = read(
      unchanged ? url : mutateText(url, random, WORDS),
      random.chance(0.9) ? method : random.pick(METHODS),
      random.chance(0.9) ? HOST : mutateText(HOST, random),
    );
    const { identity } = authenticate(mutated);
    if (identity.kind === 'anonymous') return false;
    assertSame('presigned', meaning(original, ['host']), meaning(mutated, ['host']));
    return true;
  },
});

/** `authenticate` is another one only to show that its faults are found. */
export function signatureTargets(authenticate: Authenticate = fuzzedAuthenticate): readonly FuzzTarget[] {
  return [header(authenticate), presigned(authenticate)];
}
