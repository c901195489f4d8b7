import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** AWS Signature Version 4 (Amazon S3 API Reference, "Authenticating Requests"). */
export const ALGORITHM = 'AWS4-HMAC-SHA256';

export interface CredentialScope {
  /** `YYYYMMDD`. */
  readonly date: string;
  /** Any name: clients send what they are configured with. */
  readonly region: string;
  readonly service: string;
}

export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

export function deriveSigningKey(secret: string, { date, region, service }: CredentialScope): KeyObject {
  return createSecretKey([region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, date)));
}

export function stringToSign(timestamp: string, scope: CredentialScope, canonicalHash: string): string {
  return `${ALGORITHM}\n${timestamp}\n${scopeText(scope)}\n${canonicalHash}`;
}

export function sign(signingKey: KeyObject, text: string): string {
  return createHmac('sha256', signingKey).update(Buffer.from(text)).digest('hex'); // quicker than of the string
}

/** In constant time for signatures of the right length; a wrong length tells nothing. */
export function signaturesEqual(expected: string, given: string): boolean {
  const a = Buffer.from(expected, 'latin1');
  const b = Buffer.from(given, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `20130524T000000Z` to milliseconds, `undefined` when it is not such a time. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

export function formatTimestamp(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
