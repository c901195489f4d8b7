import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectInfo, Tags } from '../../../../sdk/src/index.ts';
import { toObjectInfo } from '../../../../sdk/src/object-headers.ts';
import { formatBytes } from '../../../core/units.ts';
import { printable } from '../../output/printable.ts';
import { fields } from '../../output/table.ts';
import { ago, until } from '../../output/time.ts';
import { type Mode, modeOf } from './lock-requests.ts';

/** All that the answer to a HEAD says of an object, and its tags. */
export interface ObjectDescription extends ObjectInfo {
  readonly cacheControl: string | undefined;
  readonly contentDisposition: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLanguage: string | undefined;
  readonly expires: string | undefined;
  readonly websiteRedirectLocation: string | undefined;
  /** `AES256`: by the store itself. `SSE-C`: under a customer's key. */
  readonly encryption: 'AES256' | 'SSE-C' | undefined;
  /** By algorithm: `CRC64NVME`. */
  readonly checksums: Readonly<Record<string, string>>;
  readonly retention: { readonly mode: Mode; readonly until: Date } | undefined;
  readonly legalHold: boolean;
  /** When a lifecycle rule removes it, and which. */
  readonly expiration: { readonly at: Date; readonly rule: string } | undefined;
  readonly tags: Tags;
}

const CHECKSUM = /^x-amz-checksum-(?!type$)(.+)$/;

export function readDescription(key: string, headers: IncomingHttpHeaders): Omit<ObjectDescription, 'tags'> {
  const text = (name: string) => headers[name] as string | undefined;
  const mode = modeOf(text('x-amz-object-lock-mode'));
  const customer = text('x-amz-server-side-encryption-customer-algorithm');
  return {
    ...toObjectInfo(key, headers),
    cacheControl: headers['cache-control'],
    contentDisposition: headers['content-disposition'],
    contentEncoding: headers['content-encoding'],
    contentLanguage: headers['content-language'],
    expires: headers.expires,
    websiteRedirectLocation: text('x-amz-website-redirect-location'),
    encryption: customer ? 'SSE-C' : (text('x-amz-server-side-encryption') as 'AES256' | undefined),
    checksums: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => {
        const [, algorithm] = CHECKSUM.exec(name) ?? [];
        return algorithm === undefined ? [] : [[algorithm.toUpperCase(), String(value)]];
      }),
    ),
    retention: mode && { mode, until: new Date(text('x-amz-object-lock-retain-until-date') ?? '') },
    legalHold: text('x-amz-object-lock-legal-hold') === 'ON',
    expiration: expirationOf(text('x-amz-expiration')),
  };
}

/** `expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", rule-id="…"`, the id percent-encoded (S3 API Reference, HeadObject). */
function expirationOf(header: string | undefined): ObjectDescription['expiration'] {
  const [, date = '', rule = ''] = /expiry-date="([^"]*)", rule-id="([^"]*)"/.exec(header ?? '') ?? [];
  return date === '' ? undefined : { at: new Date(date), rule: decodeURIComponent(rule) };
}

/** What an object does not have is left out. */
export function describeObject(object: ObjectDescription): string {
  const { size, lastModified, retention, expiration, metadata, tags, checksums } = object;
  const lines = [
    ['key', object.key],
    ['size', size < 1000 ? formatBytes(size) : `${formatBytes(size)} (${size} bytes)`],
    ['type', object.type],
    ['etag', object.etag],
    ['changed', `${ago(lastModified.getTime())} (${lastModified.toISOString()})`],
    ['version', object.versionId],
    ['cache-control', object.cacheControl],
    ['content-disposition', object.contentDisposition],
    ['content-encoding', object.contentEncoding],
    ['content-language', object.contentLanguage],
    ['expires', object.expires],
    ['redirect', object.websiteRedirectLocation],
    ['encryption', object.encryption],
    ...listed('checksum', checksums, ' '),
    ['retention', retention && `${retention.mode} until ${moment(retention.until)}`],
    ['legal hold', object.legalHold ? 'on' : undefined],
    ['expiration', expiration && `${moment(expiration.at)} by rule ${expiration.rule}`],
    ...listed('metadata', metadata, '='),
    ...listed('tags', tags, '='),
  ] as const;
  return fields(lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, printable(value)] as const])));
}

function moment(date: Date): string {
  return `${date.toISOString()} (${until(date.getTime())})`;
}

/** One a line, of which the first is named. */
function listed(name: string, values: Readonly<Record<string, string>>, between: string): [string, string][] {
  return Object.entries(values).map(([key, value], i) => [i === 0 ? name : '', key + between + value]);
}
