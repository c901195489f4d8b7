import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';

export interface FakePage {
  readonly body: Buffer | string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The second half of the body comes after it. */
  readonly until?: Promise<unknown>;
  /** The connection is cut after so many bytes. */
  readonly cutAfter?: number;
}

/** Websites at a socket, as the objects role has them: pages that a test chooses, and what was asked for. */
export class FakeSites implements AsyncDisposable {
  readonly pages = new Map<string, FakePage>();
  readonly asked: string[] = [];
  readonly #directory: TemporaryDirectory;
  readonly #server: Server;

  private constructor(directory: TemporaryDirectory) {
    this.#directory = directory;
    this.#server = createServer(async (req, res) => {
      const { method = '', url = '' } = req;
      this.asked.push(`${method} ${url}`);
      const page = this.pages.get(url);
      if (!page) return res.writeHead(404, { 'content-length': 4 }).end(method === 'HEAD' ? undefined : 'gone');
      const body = Buffer.from(page.body);
      const etag = `"${createHash('md5').update(body).digest('hex')}"`;
      const known = {
        etag,
        'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
        'content-type': page.type ?? 'image/png',
      };
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? [];
      const [start, end] = first === undefined ? [0, body.length - 1] : [Number(first), Number(last)];
      const part = first === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${body.length}` };
      const headers = { ...known, ...part, ...page.headers, 'content-length': end - start + 1 };
      res.writeHead(first === undefined ? 200 : 206, headers);
      if (method === 'HEAD') return res.end();
      if (page.cutAfter !== undefined) return res.write(body.subarray(0, page.cutAfter), () => res.destroy());
      const middle = (start + end) >> 1;
      res.write(body.subarray(start, middle));
      await page.until;
      return res.end(body.subarray(middle, end + 1));
    });
  }

  static async start(): Promise<FakeSites> {
    const sites = new FakeSites(await temporaryDirectory());
    sites.#server.listen(sites.socketPath);
    await once(sites.#server, 'listening');
    return sites;
  }

  get socketPath(): string {
    return join(this.#directory.path, 'sites.sock');
  }

  get cacheDirectory(): string {
    return join(this.#directory.path, 'cache');
  }

  get tablePath(): string {
    return join(this.#directory.path, 'routes.json');
  }

  /** How often bodies and heads were asked for. */
  count(line: `${'GET' | 'HEAD'} /${string}`): number {
    return this.asked.filter((one) => one === line).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#directory[Symbol.asyncDispose]();
  }
}
