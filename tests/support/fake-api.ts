import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type ApiOptions, createApi } from '../../src/control/api/api.ts';
import { startApiServer } from '../../src/control/api/server.ts';
import { createFakePlatform, type FakePlatform } from './fake-platform.ts';

export const TOKEN = 'hf_test-token';

/** The real API over real HTTP, in front of a platform in memory. */
export interface FakeApi extends AsyncDisposable {
  readonly url: string;
  readonly platform: FakePlatform;
  readonly uploadDirectory: string;
  /** With the token unless `headers` say otherwise. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

export interface FakeApiOptions extends Partial<Omit<ApiOptions, 'platform'>> {
  /** One that another API has served before. */
  readonly platform?: FakePlatform;
  readonly port?: number;
}

export async function startFakeApi({ port = 0, ...options }: FakeApiOptions = {}): Promise<FakeApi> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-api-'));
  const uploadDirectory = join(directory, 'uploads');
  const platform = options.platform ?? createFakePlatform();
  const api = createApi({
    verifyToken: async (token) => (token === TOKEN ? { name: 'test' } : undefined),
    uploadDirectory,
    version: '0.0.0-test',
    log: pino({ level: 'silent' }),
    ...options,
    platform,
  });
  const server = await startApiServer({ api, host: '127.0.0.1', port });
  return {
    url: server.url,
    platform,
    uploadDirectory,
    request: (path, init = {}) =>
      fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } }),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
