import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../../support/free-port.ts';
import { startListening } from '../../support/listening-server.ts';
import { type ClientBench, describeClient, MiB, startClientBench } from '../../support/s3-client-program.ts';

const NGINX = { name: 'nginx', path: '/usr/sbin/nginx', debianPackage: 'nginx-light' };
const Bucket = 'proxied';

/** `$http_host` and no path after the upstream: what the client signed must come as it was. */
const PROXY = (upstream: string) => `proxy_pass ${upstream}; proxy_set_header Host $http_host;`;
const STREAMING =
  'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; proxy_buffering off;';

describeClient(NGINX, () => {
  let bench: ClientBench;
  let proxy: AsyncDisposable;
  let ports: readonly number[];

  beforeAll(async () => {
    bench = await startClientBench(Bucket);
    ports = await freePorts(2);
    const { endpoint } = bench.store;
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
    const lines = [
      'daemon off; pid pid; error_log stderr; worker_processes 1; user root;',
      'events {}',
      `http { access_log off; client_max_body_size 0; gzip on; gzip_types *; ${places.join(' ')}`,
      `server { listen 127.0.0.1:${ports[0]}; location / { ${PROXY(endpoint)} } }`,
      `server { listen 127.0.0.1:${ports[1]}; location / { ${PROXY(endpoint)} ${STREAMING} } } }`,
    ];
    await writeFile(join(bench.home, 'nginx.conf'), lines.join('\n'));
    const argv = [NGINX.path, '-p', bench.home, '-e', 'stderr', '-c', join(bench.home, 'nginx.conf')];
    proxy = await startListening(argv, { port: ports[1] ?? 0, cwd: bench.home });
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await bench?.[Symbol.asyncDispose]();
  });

  describe.each([
    [0, 'which buffers, and speaks HTTP/1.0 to the store'],
    [1, 'which streams'],
  ])('as a proxy, %i, %s', (which) => {
    let s3: S3Client;
    const object = (Key: string) => ({ Bucket, Key: `${which}/${Key}` });
    const read = async (Key: string) => {
      const { Body } = await s3.send(new GetObjectCommand(object(Key)));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    };

    beforeAll(() => {
      const endpoint = `http://127.0.0.1:${ports[which]}`;
      s3 = new S3Client({
        endpoint,
        region: 'local',
        credentials: bench.operator,
        forcePathStyle: true,
        maxAttempts: 1,
      });
    });
    afterAll(() => s3?.destroy());

    test.each(['a b', 'a+b', '100%', 'a%2Fb', 'ü/?q&x#h', 'a//b', 'a/./b', 'a/../b', "~t*()!'"])(
      'the key %j',
      async (Key) => {
        await s3.send(new PutObjectCommand({ ...object(Key), Body: Key }));
        expect((await read(Key)).toString()).toBe(Key);
        const { Contents } = await bench.s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${which}/${Key}` }));
        expect(Contents?.map((one) => one.Key)).toContain(`${which}/${Key}`);
      },
    );

    test('a stream by parts, whole and a range', async () => {
      const bytes = randomBytes(11 * MiB);
      const Body = Readable.from([bytes.subarray(0, 7 * MiB), bytes.subarray(7 * MiB)]);
      await new Upload({ client: s3, params: { ...object('stream'), Body } }).done();
      expect(bytes.equals(await read('stream'))).toBe(true);
      const range = await s3.send(new GetObjectCommand({ ...object('stream'), Range: 'bytes=-3' }));
      expect(await range.Body?.transformToByteArray()).toEqual(new Uint8Array(bytes.subarray(-3)));
    });

    test('what it compresses keeps its text, and is asked for again by the ETag that it then has', async () => {
      const Body = 'text '.repeat(1000);
      await s3.send(new PutObjectCommand({ ...object('text'), Body, ContentType: 'text/plain' }));
      const url = await getSignedUrl(s3, new GetObjectCommand(object('text')));
      const first = await fetch(url);
      expect([first.headers.get('content-encoding'), await first.text()]).toEqual(['gzip', Body]);
      const etag = first.headers.get('etag') ?? '';
      expect(etag).toMatch(/^W\/"/);
      expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304);
    });
  });
});
