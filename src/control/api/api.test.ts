import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startFakeApi, TOKEN } from '../../../tests/support/fake-api.ts';
import { createFakePlatform } from '../../../tests/support/fake-platform.ts';
import { type ErrorKind, HoldfastError } from '../../core/errors.ts';
import { waitUntil } from '../../core/retry.ts';
import { parseAppFile } from '../../spec/app-file.ts';
import type { openApiDocument } from './open-api.ts';
import { logRoutes } from './routes/logs.ts';
import { startApiServer } from './server.ts';

const text = `app: photos
resources:
  web: { type: web-service, properties: { packaging: { type: source } } }
`;
const file = { text, filename: 'holdfast.yaml', directoryName: 'album' };
const jsonInit = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as Record<string, unknown>;
}

describe('access', () => {
  it('wants a token for everything under /v1, and says so as RFC 6750 does', async () => {
    await using api = await startFakeApi();
    for (const authorization of ['', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN} ${TOKEN}`]) {
      const response = await api.request('/v1/apps', { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
      expect(await problemOf(response)).toMatchObject({ code: 'token.invalid' });
    }
    expect((await fetch(`${api.url}/v1/nothing`)).status).toBe(401);
    expect((await api.request('/v1/apps')).status).toBe(200);
  });

  it('answers /healthz and /openapi.json without a token', async () => {
    await using api = await startFakeApi();
    expect(await (await fetch(`${api.url}/healthz`)).json()).toEqual({ status: 'ok', version: '0.0.0-test' });
    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as ReturnType<typeof openApiDocument>;
    expect(document.paths?.['/v1/apps/{app}']?.get?.responses).toHaveProperty('default');
    expect(document.components?.schemas).toHaveProperty('Problem');
    expect(document.paths?.['/healthz']?.get?.security).toEqual([]);
    expect(Object.keys(document.paths ?? {}).length).toBeGreaterThan(20);
  });

  it('answers to addresses, loopback names and configured hosts alone', async () => {
    await using api = await startFakeApi({ allowedHosts: ['holdfast.example'] });
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        httpRequest(`${api.url}/healthz`, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .once('error', reject)
          .end();
      });
    for (const host of [
      'localhost:7300',
      '127.0.0.1',
      '[::1]:7300',
      'api.localhost',
      'Holdfast.Example:443',
      '192.168.1.2:7300',
    ]) {
      expect([host, await statusFor(host)]).toEqual([host, 200]);
    }
    for (const host of ['rebound.example', '127.0.0.1.evil.example', 'localhost.evil.example:80', '1.2.3']) {
      expect([host, await statusFor(host)]).toEqual([host, 403]);
    }
  });
});

describe('failures', () => {
  const kinds: readonly [ErrorKind, number][] = [
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['exhausted', 507],
    ['unavailable', 503],
    ['not-implemented', 501],
    ['internal', 500],
  ];
  it.each(kinds)('turns the kind %s into status %i with code, message, hint and resource', async (kind, status) => {
    await using api = await startFakeApi();
    const details = { code: 'x.y', kind, message: 'no', hint: 'do this', resource: 'volume data', retryable: false };
    api.platform.failNext = new HoldfastError(details);
    const response = await api.request('/v1/apps');
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toEqual({ status, ...details });
  });

  it('names the key that a request has wrong', async () => {
    await using api = await startFakeApi();
    const response = await api.request('/v1/volumes', jsonInit('POST', { name: 'data', sizeBytes: -1 }));
    expect(response.status).toBe(400);
    expect((await problemOf(response)).message).toContain('"sizeBytes"');
    const broken = await api.request('/v1/volumes', { ...jsonInit('POST', {}), body: '{' });
    expect(await problemOf(broken)).toMatchObject({ status: 400, code: 'request.invalid' });
    expect((await api.request('/v1/nothing')).status).toBe(404);
  });

  it('refuses a JSON body over its limit, with or without a length', async () => {
    await using api = await startFakeApi();
    const body = JSON.stringify({ values: { A: 'x'.repeat(2 ** 20) } });
    const sized = await api.request('/v1/apps/photos/secrets', { ...jsonInit('PUT', {}), body });
    expect(await problemOf(sized)).toMatchObject({ status: 413, code: 'request.too-large' });
    const streamed = await api.request('/v1/apps/photos/secrets', {
      ...jsonInit('PUT', {}),
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(streamed.status).toBe(413);
  });

  it('says which variable moves the port when it is in use', async () => {
    await using api = await startFakeApi();
    const port = Number(new URL(api.url).port);
    const attempt = startApiServer({ api: { fetch: () => new Response() }, host: '127.0.0.1', port });
    await expect(attempt).rejects.toMatchObject({
      code: 'port.in-use',
      hint: expect.stringContaining('HOLDFAST_API_PORT'),
    });
  });
});

describe('uploads and deployments', () => {
  const archive = Buffer.alloc(300_000, 'holdfast');
  const digest = (data: Buffer) => `sha-256=:${createHash('sha256').update(data).digest('base64')}:`;
  const send = (
    api: Awaited<ReturnType<typeof startFakeApi>>,
    body: Buffer<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) => api.request('/v1/uploads', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

  it('keeps an archive byte for byte, for one deployment', async () => {
    await using api = await startFakeApi();
    const response = await send(api, archive, { 'content-digest': digest(archive) });
    expect(response.status).toBe(201);
    const upload = (await response.json()) as { id: string; size: number; sha256: string };
    expect(upload).toMatchObject({
      size: archive.length,
      sha256: createHash('sha256').update(archive).digest('hex'),
    });
    const deploy = () => api.request('/v1/deployments', jsonInit('POST', { file, upload: upload.id }));
    const begun = await deploy();
    expect(begun.status).toBe(202);
    expect(await begun.json()).toMatchObject({ app: 'photos', release: 1, status: 'building' });
    expect(await readFile(api.platform.archives[0] ?? '')).toEqual(archive);
    expect(await problemOf(await deploy())).toMatchObject({ status: 404, code: 'upload.not-found' });
  });

  it('leaves nothing of an upload that is too large, damaged or cut off', async () => {
    await using api = await startFakeApi({ maxUploadBytes: 200_000 });
    expect(await problemOf(await send(api, archive))).toMatchObject({ status: 413, code: 'upload.too-large' });
    const small = archive.subarray(0, 1000);
    const damaged = await send(api, small, { 'content-digest': digest(archive) });
    expect(await problemOf(damaged)).toMatchObject({ status: 400, code: 'upload.damaged' });

    const cut = httpRequest(`${api.url}/v1/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-length': 1000 },
    });
    cut.on('error', () => {});
    cut.write(small.subarray(0, 500));
    await waitUntil(async () => (await readdir(api.uploadDirectory)).length === 1, {
      timeoutMs: 60_000,
      what: 'a file',
    });
    cut.destroy();
    await waitUntil(async () => (await readdir(api.uploadDirectory)).length === 0, { timeoutMs: 60_000, what: 'none' });
  });

  it('removes the archive when the platform refuses the deployment', async () => {
    await using api = await startFakeApi();
    const { id } = (await (await send(api, archive)).json()) as { id: string };
    api.platform.failNext = new HoldfastError({ code: 'deployment.in-progress', kind: 'conflict', message: 'wait' });
    expect((await api.request('/v1/deployments', jsonInit('POST', { file, upload: id }))).status).toBe(409);
    expect(await readdir(api.uploadDirectory)).toEqual([]);
  });

  it('never leaves its directory, whatever the id', async () => {
    await using api = await startFakeApi();
    for (const upload of ['../../etc/passwd', 'upl_../x', '']) {
      const response = await api.request('/v1/deployments', jsonInit('POST', { file, upload }));
      expect(await problemOf(response)).toMatchObject({ code: 'upload.not-found' });
    }
  });

  it('deploys under another name when asked, and checks app files without deploying', async () => {
    await using api = await startFakeApi();
    const { id } = (await (await send(api, archive)).json()) as { id: string };
    const begun = await api.request('/v1/deployments', jsonInit('POST', { file, upload: id, app: 'staging' }));
    expect(await begun.json()).toMatchObject({ app: 'staging' });
    const checked = await api.request('/v1/app-files/validate', jsonInit('POST', file));
    expect(await checked.json()).toEqual({ app: 'photos', services: ['web'], notices: [] });
    const typo = await api.request(
      '/v1/app-files/validate',
      jsonInit('POST', { ...file, text: text.replace('resources', 'resorces') }),
    );
    expect(await problemOf(typo)).toMatchObject({
      status: 400,
      message: expect.stringMatching(/holdfast\.yaml:2:1.*resources/s),
    });
  });

  it('serves the build log from an offset on', async () => {
    await using api = await startFakeApi();
    const all = (await (await api.request('/v1/deployments/dep_1/build-log')).json()) as { text: string; next: number };
    const rest = await api.request(`/v1/deployments/dep_1/build-log?offset=${all.next - 3}`);
    expect(await rest.json()).toEqual({ text: all.text.slice(-3), next: all.next });
  });
});

describe('logs', () => {
  async function withApp() {
    const api = await startFakeApi();
    const { id } = (await (await api.request('/v1/uploads', { method: 'POST', body: 'x' })).json()) as { id: string };
    const begun = await api.request('/v1/deployments', jsonInit('POST', { file, upload: id }));
    const deployment = (await begun.json()) as { id: string };
    await waitUntil(
      async () => {
        const view = await (await api.request(`/v1/deployments/${deployment.id}`)).json();
        return (view as { status: string }).status === 'succeeded';
      },
      { timeoutMs: 60_000, what: 'the deployment' },
    );
    for (let i = 0; i < 3; i++) api.platform.logLines.push({ instance: 'ins_1', service: 'web', line: `line ${i}` });
    return api;
  }

  it('streams them as one JSON value a line', async () => {
    await using api = await withApp();
    const response = await api.request('/v1/apps/photos/logs?tail=2');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(['line 1', 'line 2']);
    expect((await api.request('/v1/apps/other/logs')).status).toBe(404);
  });

  it('follows until the reader goes away', async () => {
    await using api = await withApp();
    const aborter = new AbortController();
    const response = await api.request('/v1/apps/photos/logs?follow=true', { signal: aborter.signal });
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('line 0');
    await waitUntil(() => api.platform.followers === 1, { timeoutMs: 60_000, what: 'the follow' });
    aborter.abort();
    await waitUntil(() => api.platform.followers === 0, { timeoutMs: 60_000, what: 'its end' });
  });
});

describe('logs that are silent', () => {
  it('show signs of life', async () => {
    const platform = createFakePlatform();
    await platform.deploy({ spec: parseAppFile(file).spec, archivePath: '' });
    const aborter = new AbortController();
    const routes = logRoutes(platform, { heartbeatMs: 5 });
    const response = await routes.request('/photos/logs?follow=true', { signal: aborter.signal });
    const reader = response.body?.getReader();
    for (let beat = 0; beat < 2; beat++) expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('\n');
    await reader?.cancel();
    await waitUntil(() => platform.followers === 0, { timeoutMs: 60_000, what: 'its end' });
  });

  it('answer at once all the same', async () => {
    await using api = await startFakeApi();
    await api.platform.deploy({ spec: parseAppFile(file).spec, archivePath: '' });
    const aborter = new AbortController();
    const response = await api.request('/v1/apps/photos/logs?follow=true', { signal: aborter.signal });
    expect(response.status).toBe(200);
    aborter.abort();
  });
});

describe('storage', () => {
  it('finds a volume by id or name, and names the ids when several share the name', async () => {
    await using api = await startFakeApi();
    const create = async (name: string) => {
      const response = await api.request('/v1/volumes', jsonInit('POST', { name, sizeBytes: 25e9, region: 'ewr' }));
      expect(response.status).toBe(201);
      return (await response.json()) as { id: string };
    };
    const one = await create('data');
    expect(await (await api.request('/v1/volumes/data')).json()).toMatchObject({ id: one.id, sizeBytes: 25e9 });
    const other = await create('data');
    const ambiguous = await problemOf(await api.request('/v1/volumes/data'));
    expect(ambiguous).toMatchObject({ status: 409, hint: expect.stringContaining(other.id) });
    const extended = await api.request(`/v1/volumes/${one.id}/extend`, jsonInit('POST', { sizeBytes: 50e9 }));
    expect(await extended.json()).toMatchObject({ sizeBytes: 50e9 });
    expect(await problemOf(await api.request('/v1/volumes/daat'))).toMatchObject({ hint: 'did you mean "data"?' });
  });

  it('destroys softly, recovers, and destroys for good with now', async () => {
    await using api = await startFakeApi();
    await api.request('/v1/buckets', jsonInit('POST', { name: 'images' }));
    const destroyed = await api.request('/v1/buckets/images', { method: 'DELETE' });
    expect(await destroyed.json()).toMatchObject({ state: 'destroyed', purgeAt: expect.any(Number) });
    const recovered = await api.request('/v1/buckets/images/recover', { method: 'POST' });
    expect(await recovered.json()).toMatchObject({ state: 'active', purgeAt: null });
    expect(await (await api.request('/v1/buckets/images?now=true', { method: 'DELETE' })).json()).toBeNull();
  });

  it('never lets an answer with credentials or anything else be cached', async () => {
    await using api = await startFakeApi();
    await api.request('/v1/buckets', jsonInit('POST', { name: 'images' }));
    const response = await api.request('/v1/buckets/images/credentials');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toContain('AKFAKE');
  });
});
