import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signRequest } from '../../../tests/support/s3-signer.ts';
import { type Authentication, createAuthenticator } from './authenticate.ts';
import type { RequestHead } from './canonical-request.ts';
import { parseTimestamp } from './signature-v4.ts';
import type { AccessKeys } from './valid-key.ts';

/** Key, requests and signatures of the S3 API Reference, "Signature Calculations for the Authorization Header". */
const KEY = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  owner: 'examples',
  grants: '*',
  createdAt: 0,
} as const;
const keys: AccessKeys = { find: (id) => (id === KEY.accessKeyId ? KEY : undefined) };
const TIMESTAMP = '20130524T000000Z';
const SIGNED_AT = parseTimestamp(TIMESTAMP) as number;
const EMPTY = createHash('sha256').digest('hex');
const CREDENTIAL = `${KEY.accessKeyId}/20130524/us-east-1/s3/aws4_request`;

interface Example {
  readonly method?: string;
  readonly path?: string;
  readonly query?: RequestHead['query'];
  readonly headers?: Readonly<Record<string, string>>;
  readonly signature: string;
}

function signed({ method = 'GET', path = '/', query = [], headers = {}, signature }: Example): RequestHead {
  const all: Record<string, string> = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': TIMESTAMP,
    ...headers,
  };
  const names = Object.keys(all).sort().join(';');
  const authorization = `AWS4-HMAC-SHA256 Credential=${CREDENTIAL},SignedHeaders=${names},Signature=${signature}`;
  return { method, path, query, headers: new Map(Object.entries({ ...all, authorization })) };
}

function authenticate(head: RequestHead, now = SIGNED_AT): Authentication {
  return createAuthenticator(keys, { clock: { now: () => now, sleep: async () => {} } })(head);
}

const GET_OBJECT: Example = {
  path: '/test.txt',
  headers: { range: 'bytes=0-9' },
  signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
};

const PUBLISHED: Readonly<Record<string, Example>> = {
  'GET Object': GET_OBJECT,
  'PUT Object': {
    method: 'PUT',
    path: '/test$file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  'GET Bucket Lifecycle': {
    query: [['lifecycle', '']],
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  'GET Bucket (List Objects)': {
    query: [
      ['max-keys', '2'],
      ['prefix', 'J'],
    ],
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
};

/** The seeds of "Transferring Payload in Multiple Chunks", without and with a trailer. */
const CHUNKED = (extra: Readonly<Record<string, string>>, signature: string): Example => ({
  method: 'PUT',
  path: '/examplebucket/chunkObject.txt',
  headers: {
    host: 's3.amazonaws.com',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    ...extra,
  },
  signature,
});
const CHUNKED_SIGNED = CHUNKED(
  { 'content-length': '66824', 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
  '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
);
const CHUNKED_TRAILER = CHUNKED(
  {
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32c',
  },
  '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
);

const PRESIGNED: RequestHead = {
  method: 'GET',
  path: '/test.txt',
  query: [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', CREDENTIAL],
    ['X-Amz-Date', TIMESTAMP],
    ['X-Amz-Expires', '86400'],
    ['X-Amz-SignedHeaders', 'host'],
    ['X-Amz-Signature', 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'],
  ],
  headers: new Map([['host', 'examplebucket.s3.amazonaws.com']]),
};

const withCode = (code: string) => expect.objectContaining({ code });
const changed = (head: RequestHead, headers: Record<string, string>): RequestHead => ({
  ...head,
  headers: new Map([...head.headers, ...Object.entries(headers)]),
});
const withQuery = (head: RequestHead, changes: Record<string, string>): RequestHead => ({
  ...head,
  query: head.query.map(([name, value]) => [name, changes[name] ?? value] as const),
});

describe('the Authorization header', () => {
  test.each(Object.entries(PUBLISHED))('takes the published example %s', (_name, example) => {
    const { identity, mechanism } = authenticate(signed(example));
    expect(identity).toMatchObject({ kind: 'key', accessKeyId: KEY.accessKeyId });
    expect(mechanism).toBe('header');
  });

  test('takes the published chunked examples, whose chunks then prove themselves', () => {
    const { payload } = authenticate(signed(CHUNKED_SIGNED));
    if (payload.kind !== 'chunked') throw new Error('the payload is chunked');
    expect(payload.trailer).toBe(false);
    payload.signatures?.verifyChunk(
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      createHash('sha256').update('a'.repeat(65536)).digest('hex'),
    );
    expect(() => payload.signatures?.verifyChunk('f00', EMPTY)).toThrow(withCode('access.signature'));
    expect(authenticate(signed(CHUNKED_TRAILER)).payload).toMatchObject({ kind: 'chunked', trailer: true });
  });

  test.each<[string, Example]>([
    ['method', { ...GET_OBJECT, method: 'HEAD' }],
    ['path', { ...GET_OBJECT, path: '/test.txt/' }],
    ['query', { ...GET_OBJECT, query: [['versionId', 'x']] }],
    ['signed header', { ...GET_OBJECT, headers: { range: 'bytes=0-8' } }],
    ['payload hash', { ...GET_OBJECT, headers: { ...GET_OBJECT.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
    ['signature', { ...GET_OBJECT, signature: GET_OBJECT.signature.replace(/^f/, 'e') }],
    ['short signature', { ...GET_OBJECT, signature: 'f0' }],
  ])('refuses another %s', (_what, example) => {
    expect(() => authenticate(signed(example))).toThrow(withCode('access.signature'));
  });

  test.each(['eu-central-1', 'garage', ''])('takes the region %j that a client is set to', (region) => {
    const request = { method: 'GET', path: '/a', headers: { host: 'h' }, payload: EMPTY, now: SIGNED_AT, region };
    const headers = new Map(Object.entries(signRequest(KEY, request)));
    expect(authenticate({ ...request, query: [], headers }).identity.kind).toBe('key');
  });

  test('refuses keys it does not know', () => {
    const head = signed(GET_OBJECT);
    const authorization = head.headers.get('authorization')?.replace(KEY.accessKeyId, 'AKIANOBODY') ?? '';
    expect(() => authenticate(changed(head, { authorization }))).toThrow(withCode('access.key-unknown'));
  });

  test('refuses keys that have expired, in the header and in URLs signed before', () => {
    const ending = (expiresAt: number) =>
      createAuthenticator(
        { find: () => ({ ...KEY, expiresAt }) },
        { clock: { now: () => SIGNED_AT + 1000, sleep: async () => {} } },
      );
    for (const head of [signed(GET_OBJECT), PRESIGNED]) {
      expect(ending(SIGNED_AT + 1001)(head).identity.kind).toBe('key');
      expect(() => ending(SIGNED_AT + 1000)(head)).toThrow(withCode('access.key-expired'));
    }
  });

  test('takes fifteen minutes of skew and no more, either way', () => {
    const quarter = 15 * 60_000;
    for (const now of [SIGNED_AT + quarter, SIGNED_AT - quarter]) authenticate(signed(GET_OBJECT), now);
    for (const now of [SIGNED_AT + quarter + 1, SIGNED_AT - quarter - 1]) {
      expect(() => authenticate(signed(GET_OBJECT), now)).toThrow(withCode('access.skew'));
    }
  });

  test('refuses x-amz headers that are not signed', () => {
    const head = changed(signed(GET_OBJECT), { 'x-amz-acl': 'public-read' });
    expect(() => authenticate(head)).toThrow(withCode('access.denied'));
  });

  test.each([
    ['AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=', 'access.mechanism'],
    ['Bearer x', 'access.authorization'],
    ['AWS4-HMAC-SHA256 ', 'access.header-malformed'],
    ['AWS4-HMAC-SHA256 Credential=a/20130524/us-east-1/s3/aws4_request', 'access.header-malformed'],
    ['AWS4-HMAC-SHA256 Credential=a/b,SignedHeaders=host,Signature=x', 'access.header-malformed'],
    [
      `AWS4-HMAC-SHA256 Credential=${CREDENTIAL.replace('/s3/', '/ec2/')},SignedHeaders=host,Signature=x`,
      'access.header-malformed',
    ],
    [
      `AWS4-HMAC-SHA256 Credential=${CREDENTIAL.replace('20130524', '20130523')},SignedHeaders=host,Signature=x`,
      'access.header-malformed',
    ],
  ])('refuses %j', (authorization, code) => {
    expect(() => authenticate(changed(signed(GET_OBJECT), { authorization }))).toThrow(withCode(code));
  });

  test('refuses payload hashes that are none', () => {
    const { headers, ...rest } = signed(GET_OBJECT);
    const unhashed = new Map([...headers].filter(([name]) => name !== 'x-amz-content-sha256'));
    expect(() => authenticate({ ...rest, headers: unhashed })).toThrow(withCode('access.payload-hash-missing'));
    const head = (value: string) => signed({ ...GET_OBJECT, headers: { 'x-amz-content-sha256': value } });
    // The signature comes first: what is said of the payload is not believed before.
    expect(() => authenticate(head('nonsense'))).toThrow(withCode('access.signature'));
    const anonymous = (value: string): RequestHead => ({
      ...PRESIGNED,
      query: [],
      headers: new Map([['x-amz-content-sha256', value]]),
    });
    expect(() => authenticate(anonymous('nonsense'))).toThrow(withCode('access.payload-hash'));
    expect(() => authenticate(anonymous('STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD'))).toThrow(
      withCode('access.payload-unsupported'),
    );
    expect(() => authenticate(anonymous('STREAMING-AWS4-HMAC-SHA256-PAYLOAD'))).toThrow(withCode('access.denied'));
  });
});

describe('presigned URLs', () => {
  test('takes the published example until it expires', () => {
    expect(authenticate(PRESIGNED)).toMatchObject({ mechanism: 'query', payload: { kind: 'unsigned' } });
    authenticate(PRESIGNED, SIGNED_AT + 86_400_000);
    expect(() => authenticate(PRESIGNED, SIGNED_AT + 86_400_001)).toThrow(withCode('access.expired'));
    expect(() => authenticate(PRESIGNED, SIGNED_AT - 16 * 60_000)).toThrow(withCode('access.not-yet-valid'));
  });

  test('refuses what was changed', () => {
    expect(() => authenticate({ ...PRESIGNED, path: '/other.txt' })).toThrow(withCode('access.signature'));
    expect(() => authenticate({ ...PRESIGNED, method: 'PUT' })).toThrow(withCode('access.signature'));
    expect(() => authenticate(withQuery(PRESIGNED, { 'X-Amz-Expires': '86401' }))).toThrow(
      withCode('access.signature'),
    );
    expect(() => authenticate(changed(PRESIGNED, { 'x-amz-acl': 'public-read' }))).toThrow(withCode('access.denied'));
  });

  test.each<[string, string]>([
    ['X-Amz-Expires', '604801'],
    ['X-Amz-Expires', '0'],
    ['X-Amz-Expires', '-1'],
    ['X-Amz-Date', '2013-05-24'],
    ['X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256'],
    ['X-Amz-SignedHeaders', ''],
    ['X-Amz-Signature', ''],
  ])('refuses %s=%s', (name, value) => {
    expect(() => authenticate(withQuery(PRESIGNED, { [name]: value }))).toThrow(withCode('access.query-malformed'));
  });

  test('refuses two mechanisms at once, and session tokens', () => {
    expect(() => authenticate(changed(PRESIGNED, { authorization: 'AWS4-HMAC-SHA256 x' }))).toThrow(
      withCode('access.authorization'),
    );
    const token: RequestHead = { ...PRESIGNED, query: [...PRESIGNED.query, ['X-Amz-Security-Token', 't']] };
    expect(() => authenticate(token)).toThrow(withCode('access.token'));
  });
});

test('a request without a signature is anonymous', () => {
  const head: RequestHead = { method: 'GET', path: '/', query: [], headers: new Map([['host', 'h']]) };
  expect(authenticate(head)).toEqual({
    identity: { kind: 'anonymous' },
    payload: { kind: 'unsigned' },
    mechanism: 'header',
  });
});

test('whatever the header or the query say, the answer is a refusal and nothing else', () => {
  const piece = fc.constantFrom(
    ...['AWS4-HMAC-SHA256', ' ', ',', '=', ';', '/', 'Credential=', 'SignedHeaders=', 'Signature=', CREDENTIAL],
    ...['host', '20130524', 's3', 'aws4_request', '%', '\u00ff'],
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const name = fc.constantFrom('Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature');
  const refused = (head: RequestHead) => {
    expect(() => authenticate(head)).toThrow(withCode(expect.stringMatching(/^access\./) as unknown as string));
  };
  fc.assert(
    fc.property(text, fc.array(fc.tuple(name, text)), (authorization, parameters) => {
      refused(changed(signed(GET_OBJECT), { authorization }));
      const query = parameters.map(([suffix, value]) => [`X-Amz-${suffix}`, value] as const);
      refused({ ...PRESIGNED, query: [...query, ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256']] });
    }),
  );
});
