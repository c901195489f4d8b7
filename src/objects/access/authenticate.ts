import type { KeyObject } from 'node:crypto';
import { type Clock, systemClock } from '../../core/clock.ts';
import { canonicalRequest, hashCanonicalRequest, type RequestHead } from './canonical-request.ts';
import { ChunkSignatures } from './chunk-signatures.ts';
import { type Credentials, parseAuthorization, parsePresigned } from './credentials.ts';
import { accessErrors } from './errors.ts';
import type { KeyScope } from './key-scope.ts';
import { sign, signaturesEqual, stringToSign } from './signature-v4.ts';
import { SigningKeys } from './signing-keys.ts';
import { type AccessKeys, findValidKey } from './valid-key.ts';

export type Identity = { readonly kind: 'anonymous' } | ({ readonly kind: 'key' } & KeyScope);

/** How the body is to be read and what it must prove. */
export type Payload =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'hash'; readonly sha256: string }
  | { readonly kind: 'chunked'; readonly signatures?: ChunkSignatures | undefined; readonly trailer: boolean };

export interface Authentication {
  readonly identity: Identity;
  readonly payload: Payload;
  /** Where the signature came: a presigned URL has it in the query. Anonymous: where it would have been. */
  readonly mechanism: 'header' | 'query' | 'form';
}

/** S3 takes requests signed up to 15 minutes from its own time. */
const MAX_SKEW = 15 * 60_000;

export type Authenticate = (head: RequestHead) => Authentication;

/**
 * Who sent a request, proven by its signature; `anonymous` when it has none.
 * @throws HoldfastError `access.*`
 */
export function createAuthenticator(keys: AccessKeys, { clock = systemClock }: { clock?: Clock } = {}): Authenticate {
  const signingKeys = new SigningKeys();
  return (head) => {
    const parameters = new Map(head.query);
    const mechanism = mechanismOf(head, parameters);
    if (mechanism === undefined) return anonymous(head);
    const presigned = mechanism === 'query';
    const credentials = presigned ? parsePresigned(parameters) : parseAuthorization(head.headers);
    const key = findValidKey(keys, credentials.accessKeyId, clock.now());
    checkTime(credentials, clock.now());
    checkSignedHeaders(head, credentials.signedHeaders);
    checkNoSessionToken(head, parameters);

    const { scope, timestamp } = credentials;
    const payloadHash = signedPayloadHash(head, presigned);
    const signingKey = signingKeys.get(key.accessKeyId, key.secretAccessKey, scope);
    const seed = verifySignature(head, { credentials, payloadHash, signingKey });
    return {
      identity: { kind: 'key', accessKeyId: key.accessKeyId, owner: key.owner, grants: key.grants },
      payload: parsePayload(payloadHash, () => new ChunkSignatures(signingKey, { timestamp, scope, seed })),
      mechanism,
    };
  };
}

type Parameters = ReadonlyMap<string, string>;

function mechanismOf({ headers }: RequestHead, parameters: Parameters): 'header' | 'query' | undefined {
  // Signature V2, which boto3 presigns with unless it is told otherwise: as an anonymous request it would only be denied.
  if (parameters.has('AWSAccessKeyId')) {
    throw accessErrors.mechanism('the authorization mechanism is not supported; use AWS4-HMAC-SHA256');
  }
  const presigned = parameters.has('X-Amz-Algorithm') || parameters.has('X-Amz-Signature');
  if (!headers.has('authorization')) return presigned ? 'query' : undefined;
  if (presigned)
    throw accessErrors.authorization('only one authentication mechanism is allowed: the header or the query');
  return 'header';
}

interface SignatureClaim {
  readonly credentials: Credentials;
  readonly payloadHash: string;
  readonly signingKey: KeyObject;
}

/** @returns the signature, with which the chain of the chunks' begins */
function verifySignature(head: RequestHead, { credentials, payloadHash, signingKey }: SignatureClaim): string {
  const { scope, timestamp, signedHeaders, signature } = credentials;
  const canonicalHash = hashCanonicalRequest(canonicalRequest(head, signedHeaders, payloadHash));
  const expected = sign(signingKey, stringToSign(timestamp, scope, canonicalHash));
  if (signaturesEqual(expected, signature)) return expected;
  throw accessErrors.signature(
    'the request signature we calculated does not match the signature you provided; check your key and signing method',
  );
}

function anonymous(head: RequestHead): Authentication {
  const payloadHash = head.headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  return {
    identity: { kind: 'anonymous' },
    payload: parsePayload(payloadHash, () => {
      throw accessErrors.denied('a signed body needs a signed request');
    }),
    mechanism: 'header',
  };
}

const PAYLOAD_HASH = /^x-amz-content-sha256$/i;

/** Presigned URLs leave the body open unless they name its hash. */
function signedPayloadHash({ headers, query }: RequestHead, presigned: boolean): string {
  const named = presigned ? query.find(([name]) => PAYLOAD_HASH.test(name))?.[1] : undefined;
  const hash = named ?? headers.get('x-amz-content-sha256') ?? (presigned ? 'UNSIGNED-PAYLOAD' : undefined);
  if (hash === undefined) throw accessErrors.payloadHashMissing('the header x-amz-content-sha256 is missing');
  return hash;
}

function parsePayload(hash: string, chunkSignatures: () => ChunkSignatures): Payload {
  switch (hash) {
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'chunked', trailer: true };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'chunked', trailer: false, signatures: chunkSignatures() };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'chunked', trailer: true, signatures: chunkSignatures() };
  }
  if (/^[0-9a-f]{64}$/i.test(hash)) return { kind: 'hash', sha256: hash.toLowerCase() };
  if (hash.startsWith('STREAMING-')) throw accessErrors.payloadUnsupported(`${hash} is not supported`);
  throw accessErrors.payloadHash(
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING- value or a SHA-256 in hex',
  );
}

function checkTime({ signedAt, expiresIn }: Credentials, now: number): void {
  if (expiresIn === undefined) {
    if (Math.abs(now - signedAt) <= MAX_SKEW) return;
    throw accessErrors.skew('the difference between the request time and the current time is too large');
  }
  if (signedAt > now + MAX_SKEW) throw accessErrors.notYetValid('Request is not yet valid');
  if (now > signedAt + expiresIn) throw accessErrors.expired('Request has expired');
}

/** `host` and every `x-amz-*` and `x-holdfast-*` header sent must be signed, or a proxy could redirect or change what was meant. */
function checkSignedHeaders({ headers }: RequestHead, signed: readonly string[]): void {
  for (const name of headers.keys()) {
    const isOurs = name.startsWith('x-amz-') || name.startsWith('x-holdfast-');
    const mustBeSigned = name === 'host' || (isOurs && name !== 'x-amz-content-sha256');
    if (mustBeSigned && !signed.includes(name)) {
      throw accessErrors.denied(`the header ${name} was sent and not signed`);
    }
  }
}

/** There are no temporary credentials here: a token would be ignored, and what is ignored is not checked. */
function checkNoSessionToken({ headers }: RequestHead, parameters: Parameters): void {
  if (headers.has('x-amz-security-token') || parameters.has('X-Amz-Security-Token')) {
    throw accessErrors.token('the provided token is malformed or otherwise invalid');
  }
}
