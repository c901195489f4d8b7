import type { ObjectStore } from '../../src/objects/store/object-store.ts';

const FIELDS = [
  'owner',
  'bucket',
  'time',
  'remoteIp',
  'requester',
  'requestId',
  'operation',
  'key',
  'requestLine',
  'status',
  'errorCode',
  'bytesSent',
  'objectSize',
  'totalMs',
  'turnAroundMs',
  'referer',
  'userAgent',
  'versionId',
  'hostId',
  'signatureVersion',
  'cipherSuite',
  'authType',
  'host',
  'tlsVersion',
  'accessPointArn',
  'aclRequired',
  'sourceRegion',
] as const;

/** A line of an access log by its fields, without the quotes and brackets. */
export type AccessLogLine = Readonly<Record<(typeof FIELDS)[number], string>>;

/** Reads it as the regular expression does that S3's documentation gives for tables over such logs. */
export function parseAccessLog(text: string): AccessLogLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? [];
      if (fields.length !== FIELDS.length) throw new Error(`a line of ${fields.length} fields: ${line}`);
      const pairs = FIELDS.map((name, i) => [name, (fields[i] ?? '').replace(/^["[]|["\]]$/g, '')]);
      return Object.fromEntries(pairs) as AccessLogLine;
    });
}

/** All lines that the objects of a bucket have, in the order of their keys. */
export async function readAccessLogs(store: ObjectStore, bucket: string): Promise<AccessLogLine[]> {
  const { objects } = await store.list({ bucket, limit: 1000 });
  const lines: AccessLogLine[] = [];
  for (const { key } of objects) {
    const read = await store.open(bucket, key);
    const pieces = read.bytes ? [read.bytes] : await Array.fromAsync(read.body());
    read.release();
    lines.push(...parseAccessLog(Buffer.concat(pieces).toString()));
  }
  return lines;
}
