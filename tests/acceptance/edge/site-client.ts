import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { DeleteObjectCommand, PutObjectCommand, type PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import type { TestObjectStore } from '../../support/object-store.ts';

export interface RawRequest {
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Where the request comes from. */
  readonly localAddress?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** One request on a connection of its own; nothing is decoded. */
export async function getRaw(port: number, path: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { host = 'localhost', method = 'GET', headers, body, localAddress = '127.0.0.1' } = options;
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent: false,
    localAddress,
    headers: { Host: host, ...headers },
  });
  outgoing.once('response', resolve).on('error', reject).end(body);
  const response = await promise;
  const bytes = Buffer.concat(await response.toArray());
  return { status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() };
}

export interface SiteClient {
  put(bucket: string, key: string, body: string | Buffer, more?: Partial<PutObjectCommandInput>): Promise<unknown>;
  remove(bucket: string, key: string): Promise<unknown>;
  send: S3Client['send'];
  destroy(): void;
}

/** An operator's client of the store. */
export async function siteClient(store: TestObjectStore): Promise<SiteClient> {
  const credentials = await store.admin.ensureKey({ owner: 'operator', buckets: '*' });
  const s3 = new S3Client({ endpoint: store.endpoint, region: 'local', credentials, forcePathStyle: true });
  return {
    put: (Bucket, Key, Body, more) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more })),
    remove: (Bucket, Key) => s3.send(new DeleteObjectCommand({ Bucket, Key })),
    send: s3.send.bind(s3) as S3Client['send'],
    destroy: () => s3.destroy(),
  };
}
