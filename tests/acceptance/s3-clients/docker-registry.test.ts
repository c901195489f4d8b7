import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../support/free-port.ts';
import { startListening } from '../../support/listening-server.ts';
import { type ClientBench, describeClient, MiB, startClientBench } from '../../support/s3-client-program.ts';

const REGISTRY = { name: 'docker-registry', path: '/usr/bin/docker-registry', debianPackage: 'docker-registry' };
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const digestOf = (bytes: Uint8Array | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Its S3 driver is on the AWS SDK for Go v1. */
describeClient(REGISTRY, () => {
  let bench: ClientBench;
  let registry: AsyncDisposable;
  let url: string;

  beforeAll(async () => {
    bench = await startClientBench('images');
    const [port = 0] = await freePorts(1);
    url = `http://127.0.0.1:${port}/v2`;
    const s3 = {
      accesskey: bench.operator.accessKeyId,
      secretkey: bench.operator.secretAccessKey,
      region: 'local',
      regionendpoint: bench.store.endpoint,
      bucket: 'images',
      secure: false,
      chunksize: 5 * MiB,
    };
    const settings = { version: 0.1, storage: { s3, delete: { enabled: true } }, http: { addr: `127.0.0.1:${port}` } };
    await writeFile(join(bench.home, 'config.yml'), JSON.stringify(settings));
    const env = { HOME: bench.home };
    registry = await startListening([REGISTRY.path, 'serve', 'config.yml'], { port, cwd: bench.home, env });
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await bench?.[Symbol.asyncDispose]();
  });

  /** In several requests, each of which goes on with the same upload by parts. */
  async function push(repository: string, pieces: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
    const headers = { 'content-type': 'application/octet-stream' };
    let { headers: answer } = await fetch(`${url}/${repository}/blobs/uploads/`, { method: 'POST' });
    for (const body of pieces) {
      const patched = await fetch(answer.get('location') ?? '', { method: 'PATCH', headers, body });
      expect(patched.status).toBe(202);
      answer = patched.headers;
    }
    const digest = digestOf(Buffer.concat(pieces));
    const done = await fetch(`${answer.get('location')}&digest=${digest}`, { method: 'PUT' });
    expect(done.status).toBe(201);
    return digest;
  }

  const keys = async () =>
    ((await bench.s3.send(new ListObjectsV2Command({ Bucket: 'images' }))).Contents ?? []).map(({ Key }) => Key);

  test('an image is pushed, pulled from the store itself, mounted elsewhere, deleted and collected', async () => {
    const pieces = [randomBytes(6 * MiB), randomBytes(7 * MiB), randomBytes(100)];
    const layer = await push('my/app', pieces);
    const config = await push('my/app', [Buffer.from('{}')]);
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: layer, size: 13 * MiB + 100 }],
    });
    const tagged = { method: 'PUT', headers: { 'content-type': MANIFEST }, body: manifest };
    expect((await fetch(`${url}/my/app/manifests/v1`, tagged)).status).toBe(201);

    const accept = { headers: { accept: MANIFEST } };
    expect(await (await fetch(`${url}/my/app/manifests/v1`, accept)).text()).toBe(manifest);
    const pulled = await fetch(`${url}/my/app/blobs/${layer}`);
    expect([pulled.redirected, new URL(pulled.url).host]).toEqual([true, new URL(bench.store.endpoint).host]);
    expect(digestOf(await pulled.bytes())).toBe(layer);
    expect(await (await fetch(`${url}/my/app/tags/list`)).json()).toEqual({ name: 'my/app', tags: ['v1'] });

    const mount = `${url}/other/blobs/uploads/?mount=${layer}&from=my/app`;
    expect((await fetch(mount, { method: 'POST' })).status).toBe(201);
    expect(await (await fetch(`${url}/_catalog`)).json()).toEqual({ repositories: ['my/app', 'other'] });

    expect((await fetch(`${url}/my/app/manifests/${digestOf(manifest)}`, { method: 'DELETE' })).status).toBe(202);
    expect((await keys()).some((key) => key?.includes(layer.slice(7)))).toBe(true);
    await bench.run([REGISTRY.path, 'garbage-collect', 'config.yml']);
    expect((await keys()).filter((key) => key?.endsWith('/data'))).toEqual([]);
    const { Uploads = [] } = await bench.s3.send(new ListMultipartUploadsCommand({ Bucket: 'images' }));
    expect(Uploads).toEqual([]);
  });
});
