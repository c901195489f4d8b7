import type { IncomingHttpHeaders } from 'node:http';
import { invalidArgument } from './errors.ts';
import { unquote } from './unquote.ts';

/** What is known of an object. */
export interface ObjectInfo {
  readonly key: string;
  /** Content type. */
  readonly type: string;
  /** Of the whole object, in bytes, also where a range was asked for. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly lastModified: Date;
  /** In a bucket that has or had versions. */
  readonly versionId: string | undefined;
  /** What `put` was given. Names are lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA_PREFIX = 'x-amz-meta-';

export function toObjectInfo(key: string, headers: IncomingHttpHeaders): ObjectInfo {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  return {
    key,
    type: headers['content-type'] ?? 'application/octet-stream',
    size: Number(total ?? headers['content-length'] ?? 0),
    etag: unquote(headers.etag),
    lastModified: new Date(headers['last-modified'] ?? 0),
    versionId: headers['x-amz-version-id'] as string | undefined,
    metadata: readMetadata(headers),
  };
}

export function metadataHeaders(metadata: Readonly<Record<string, string>> = {}): Record<string, string> {
  const entries = Object.entries(metadata).map(([name, value]) => {
    if (!/^[\w.-]+$/.test(name)) {
      throw invalidArgument(`"${name}" cannot be a metadata name: use letters, digits, "-", "_" and "."`);
    }
    return [METADATA_PREFIX + name.toLowerCase(), encodeValue(value)];
  });
  return Object.fromEntries(entries);
}

function readMetadata(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers)
    .filter(([name]) => name.startsWith(METADATA_PREFIX))
    .map(([name, value]) => [name.slice(METADATA_PREFIX.length), decodeValue(String(value))]);
  return Object.fromEntries(entries);
}

/** Header values are ASCII; anything else travels as an RFC 2047 encoded word, as S3 itself sends it. */
function encodeValue(value: string): string {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?')) return value;
  return `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

function decodeValue(value: string): string {
  const encoded = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/i.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8');
}
