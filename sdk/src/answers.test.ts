import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { scriptedServer } from './testing/scripted-server.ts';

const MIB = 1024 * 1024;

/** What a server answers that is no S3: the page of a proxy, or an answer that broke off without a length. */
const NONE: Readonly<Record<string, string>> = { 'no body': '', 'a page': '<html><body>Sign in</body></html>' };

describe.each(Object.entries(NONE))('an answer of success with %s', (_, text) => {
  const server = () => scriptedServer((_, response) => void response.end(text));

  it('is no copy, so that a move keeps what it has', async () => {
    await using proxy = await scriptedServer(({ method }, response) => {
      if (method === 'HEAD') return void response.writeHead(200, { etag: '"e"', 'content-length': 1 }).end();
      response.end(text);
    });
    await expect(proxy.storage().move('a', 'b')).rejects.toMatchObject({ code: 'InvalidResponse' });
    expect(proxy.seen.map(({ method }) => method)).toEqual(['HEAD', 'PUT']);
  });

  it('is no object that was stored', async () => {
    await using proxy = await server();
    await expect(proxy.storage().put('a', 'b')).rejects.toMatchObject({ code: 'InvalidResponse' });
  });

  it('is no upload that was completed', async () => {
    await using proxy = await scriptedServer(({ method, url }, response) => {
      if (url.endsWith('?uploads=')) return void response.end('<R><UploadId>u</UploadId></R>');
      if (method === 'PUT') return void response.writeHead(200, { etag: '"e"' }).end();
      response.end(text);
    });
    const data = Buffer.alloc(6 * MIB);
    const put = proxy.storage().put('a', data, { partSize: 5 * MIB });
    await expect(put).rejects.toMatchObject({ code: 'InvalidResponse' });
  });

  it('is no empty bucket', async () => {
    await using proxy = await server();
    const storage = proxy.storage();
    await expect(Array.fromAsync(storage.list())).rejects.toMatchObject({ code: 'InvalidResponse' });
    await expect(Array.fromAsync(storage.listVersions())).rejects.toMatchObject({ code: 'InvalidResponse' });
  });

  it('is no removal of many', async () => {
    await using proxy = await server();
    await expect(proxy.storage().remove(['a', 'b'])).rejects.toMatchObject({ code: 'InvalidResponse' });
  });
});

describe('a listing', () => {
  const page = (rest: string) => `<ListBucketResult><Contents><Key>a</Key></Contents>${rest}`;
  const listing = async (xml: string) => {
    await using server = await scriptedServer((_, response: ServerResponse) => void response.end(xml));
    return await Array.fromAsync(server.storage().list());
  };

  it('that breaks off is none: what is left out would be taken for gone', async () => {
    await expect(listing(page('<Contents><Key>b'))).rejects.toMatchObject({ code: 'InvalidResponse' });
  });

  it('that has more, but does not say where, is none', async () => {
    const more = page('<IsTruncated>true</IsTruncated></ListBucketResult>');
    await expect(listing(more)).rejects.toMatchObject({ code: 'InvalidResponse' });
  });
});

it('many that cannot all be removed: says how many and which', async () => {
  const error = '<Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error>';
  await using server = await scriptedServer((_, response) => {
    response.end(`<DeleteResult>${error}</DeleteResult>`);
  });
  const removed = server.storage().remove(['a', 'b']);
  await expect(removed).rejects.toMatchObject({ code: 'AccessDenied', message: expect.stringContaining('1 of 2') });
});

it('a move of what is not there takes nothing away', async () => {
  await using server = await scriptedServer(({ method }, response) => {
    if (method === 'HEAD') return void response.writeHead(404).end();
    response.end('<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>');
  });
  await expect(server.storage().move('a', 'b')).rejects.toMatchObject({ code: 'NoSuchKey' });
  expect(server.seen.map(({ method }) => method)).toEqual(['HEAD']);
});

describe('a range', () => {
  const content = Buffer.from('0123456789');
  /** A server, or what stands before it, that has its own mind about ranges. */
  const answering = (status: number, range?: string) =>
    scriptedServer((_, response) => {
      const headers = { etag: '"e"', 'content-length': content.length };
      response.writeHead(status, range === undefined ? headers : { ...headers, 'content-range': range }).end(content);
    });

  it('is not what comes when the whole does, or another one', async () => {
    const range = { start: 5, end: 14 };
    for (const [status, text] of [[200], [206], [206, 'bytes 0-9/20']] as const) {
      await using server = await answering(status, text);
      await expect(server.storage().get('a', { range })).rejects.toMatchObject({ code: 'InvalidResponse' });
    }
  });

  it('may be the whole', async () => {
    await using server = await answering(200);
    expect((await server.storage().get('a', { range: { start: 0 } }))?.body).toEqual(content);
    expect((await server.storage().get('a', { range: { start: 0, end: 20 } }))?.body).toEqual(content);
    await expect(server.storage().get('a', { range: { start: 0, end: 5 } })).rejects.toMatchObject({
      code: 'InvalidResponse',
    });
  });

  it('that a read goes on with is the one that was asked for', async () => {
    await using server = await scriptedServer(({ headers }, response) => {
      const shared = { etag: '"e"', 'content-length': content.length };
      if (headers.range)
        return void response.writeHead(206, { ...shared, 'content-range': 'bytes 0-9/10' }).end(content);
      response.writeHead(200, shared).write(content.subarray(0, 4), () => response.destroy());
    });
    await expect(server.storage().get('a')).rejects.toMatchObject({ code: 'InvalidResponse' });
  });
});

it('a stream that nobody reads gives its connection up when it is destroyed', async () => {
  let closed = false;
  await using server = await scriptedServer((_, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.writeHead(200, { etag: '"e"', 'content-length': 100 }).write('begin');
  });
  const opened = await server.storage().open('a');
  opened?.stream().destroy();
  await expect.poll(() => closed).toBe(true);
});
