import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StorageError } from './index.ts';
import { fail, scriptedServer } from './testing/scripted-server.ts';

const MIB = 1024 * 1024;
const md5 = (data: Uint8Array) => createHash('md5').update(data).digest('hex');

describe('a request that fails', () => {
  it('is sent again with the same body after 503 and after a reset', async () => {
    let calls = 0;
    await using server = await scriptedServer((_, response) => {
      calls += 1;
      if (calls === 1) return fail(response, 503, 'SlowDown');
      if (calls === 2) return void response.destroy();
      response.writeHead(200, { etag: '"e1"' }).end();
    });
    const stored = await server.storage().put('a.txt', 'hello');
    expect(stored).toEqual({ key: 'a.txt', type: 'text/plain; charset=utf-8', etag: 'e1', size: 5 });
    expect(server.seen.map((request) => request.body.toString())).toEqual(['hello', 'hello', 'hello']);
  });

  it('is not sent again when that is no use', async () => {
    await using server = await scriptedServer((_, response) => fail(response, 403, 'AccessDenied'));
    const error = await server
      .storage()
      .put('a', 'b')
      .catch((e) => e);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: 'AccessDenied', status: 403, retryable: false });
    expect(server.seen).toHaveLength(1);
  });

  it('says why a HEAD is refused, as a GET is', async () => {
    await using server = await scriptedServer(({ method }, response) => {
      if (method === 'HEAD') return void response.writeHead(400).end();
      fail(response, 400, 'InvalidRequest');
    });
    const error = await server
      .storage()
      .head('a')
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'InvalidRequest', reason: 'as the test says' });
    expect(server.seen.map(({ method, headers }) => [method, headers.range])).toEqual([
      ['HEAD', undefined],
      ['GET', 'bytes=0-0'],
    ]);
  });

  it('gives its connection back, a HEAD too', async () => {
    const length = { 'content-length': 0 };
    await using server = await scriptedServer((_, response) => void response.writeHead(404, length).end());
    const storage = server.storage();
    for (let i = 0; i < 6; i += 1) expect(await storage.head('absent')).toBeNull();
    expect(new Set(server.ports).size).toBe(1);
  });

  it('fails in the end, saying where', async () => {
    await using server = await scriptedServer((_, response) => void response.destroy());
    const error = await server
      .storage({ retries: 1 })
      .head('a')
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'NetworkError', retryable: true, status: undefined });
    expect(error.message).toContain(server.endpoint);
    expect(server.seen).toHaveLength(2);
  });

  it('fails when the server is silent', async () => {
    await using server = await scriptedServer(() => {});
    const error = await server
      .storage({ retries: 0, timeoutMs: 40 })
      .get('a')
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'Timeout', retryable: true });
  });
});

describe('a conditional put', () => {
  it('is not repeated when the first one may have been carried out', async () => {
    await using server = await scriptedServer((_, response) => void response.destroy());
    const error = await server
      .storage()
      .put('a', 'b', { ifNoneMatch: '*' })
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'NetworkError', retryable: true });
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]?.headers['if-none-match']).toBe('*');
  });

  it('is repeated when the server was too busy to begin', async () => {
    await using server = await scriptedServer((_, response) => {
      if (server.seen.length === 1) return fail(response, 503, 'SlowDown');
      response.writeHead(200, { etag: '"e"' }).end();
    });
    await server.storage().put('a', 'b', { ifMatch: 'old' });
    expect(server.seen.map((request) => request.headers['if-match'])).toEqual(['"old"', '"old"']);
  });
});

describe('a read that breaks off', () => {
  const content = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 251));

  it('goes on from where it broke, at the same version', async () => {
    await using server = await scriptedServer((request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const headers = { etag: '"v1"', 'content-length': content.length - start };
      const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
      response.writeHead(start === 0 ? 200 : 206, start === 0 ? headers : { ...headers, ...range });
      if (server.seen.length > 2) response.end(content.subarray(start));
      else response.write(content.subarray(start, start + 12_345), () => response.destroy());
    });
    const file = await server.storage().get('a');
    expect(file?.body.equals(content)).toBe(true);
    expect(server.seen.map((request) => request.headers['if-match'])).toEqual([undefined, '"v1"', '"v1"']);
  });

  it('does not join two versions', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.headers['if-match'] !== undefined) return fail(response, 412, 'PreconditionFailed');
      response.writeHead(200, { etag: '"v1"', 'content-length': content.length });
      response.write(content.subarray(0, 100), () => response.destroy());
    });
    await expect(server.storage().get('a')).rejects.toMatchObject({ code: 'PreconditionFailed' });
  });
});

describe('a multipart upload', () => {
  /** Answers as S3 does; `onPart` may answer first. */
  function multipart(options: {
    onPart?: (number: number, response: ServerResponse) => boolean | Promise<boolean>;
    onComplete?: (response: ServerResponse) => boolean;
  }) {
    return scriptedServer(async (request, response) => {
      const query = new URL(request.url, 'http://x').searchParams;
      const number = Number(query.get('partNumber'));
      if (query.has('uploads')) return void response.end('<R><UploadId>u&amp;1</UploadId></R>');
      if (number > 0) {
        if (await options.onPart?.(number, response)) return;
        return void response.writeHead(200, { etag: `"${md5(request.body)}"` }).end();
      }
      if (request.method === 'DELETE') return void response.writeHead(204).end();
      if (request.method === 'HEAD') return void response.writeHead(200, { etag: expectedEtag }).end();
      if (options.onComplete?.(response)) return;
      response.end(`<R><ETag>${expectedEtag}</ETag></R>`);
    });
  }

  const data = Buffer.alloc(12 * MIB, 'holdfast');
  const parts = [data.subarray(0, 5 * MIB), data.subarray(5 * MIB, 10 * MIB), data.subarray(10 * MIB)];
  const expectedEtag = `"${md5(Buffer.concat(parts.map((part) => Buffer.from(md5(part), 'hex'))))}-3"`;
  const options = { partSize: 5 * MIB };

  it('sends a failed part again and puts the parts in order', async () => {
    let failures = 0;
    await using server = await multipart({
      onPart(number, response) {
        if (number !== 2 || ++failures > 1) return false;
        fail(response, 500, 'InternalError');
        return true;
      },
    });
    const progress: number[] = [];
    const onProgress = ({ loaded }: { loaded: number }) => void progress.push(loaded);
    const stored = await server.storage().put('a', Readable.from([data]), { ...options, onProgress });
    expect(stored).toMatchObject({ size: data.length, etag: expectedEtag.slice(1, -1) });
    const complete = server.seen.at(-1)?.body.toString() ?? '';
    expect(Array.from(complete.matchAll(/<PartNumber>(\d+)/g), (match) => match[1])).toEqual(['1', '2', '3']);
    expect(progress.at(-1)).toBe(data.length);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('is given up as a whole when a part cannot be sent', async () => {
    await using server = await multipart({
      onPart(number, response) {
        if (number === 3) fail(response, 403, 'AccessDenied');
        return number === 3;
      },
    });
    const source = Readable.from([data, data]);
    await expect(server.storage().put('a', source, options)).rejects.toMatchObject({ code: 'AccessDenied' });
    // A part that was broken off on its way may be seen after it.
    expect(server.seen).toContainEqual(expect.objectContaining({ method: 'DELETE', url: '/bucket/a?uploadId=u%261' }));
    expect(source.destroyed).toBe(true);
  });

  it('takes no more from the stream than it may hold', async () => {
    let taken = 0;
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    async function* chunks() {
      for (; taken < 40; taken += 1) yield data.subarray(0, MIB);
    }
    await using server = await multipart({
      async onPart() {
        await gate;
        return false;
      },
    });
    const done = server.storage().put('a', chunks(), { ...options, concurrency: 2 });
    await expect.poll(() => server.seen.filter((request) => request.url.includes('partNumber')).length).toBe(2);
    expect(taken).toBeLessThanOrEqual(15);
    open?.();
    expect((await done).size).toBe(40 * MIB);
  });

  it('is complete when only the answer got lost', async () => {
    let completions = 0;
    await using server = await multipart({
      onComplete(response) {
        completions += 1;
        if (completions === 1) response.destroy();
        else fail(response, 404, 'NoSuchUpload');
        return true;
      },
    });
    const stored = await server.storage().put('a', data, options);
    expect(stored.etag).toBe(expectedEtag.slice(1, -1));
  });

  it('that is gone is not taken for complete where it was to be the first: the object there is of another', async () => {
    await using server = await multipart({
      onComplete(response) {
        fail(response, 404, 'NoSuchUpload');
        return true;
      },
    });
    const put = server.storage().put('a', data, { ...options, ifNoneMatch: '*' });
    await expect(put).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('fails when the error comes after a 200', async () => {
    await using server = await multipart({
      onComplete(response) {
        response.end('<Error><Code>EntityTooSmall</Code><Message>too small</Message></Error>');
        return true;
      },
    });
    await expect(server.storage().put('a', data, options)).rejects.toMatchObject({ code: 'EntityTooSmall' });
  });
});

it('an abort ends an upload whose stream is silent', async () => {
  await using server = await scriptedServer((_, response) => void response.end());
  const aborter = new AbortController();
  const source = new Readable({ read() {} });
  const done = server.storage().put('a', source, { signal: aborter.signal });
  aborter.abort(new Error('enough'));
  await expect(done).rejects.toThrow('enough');
  expect(source.destroyed).toBe(true);
});
