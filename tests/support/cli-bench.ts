import { join } from 'node:path';
import { type CliOptions, type CliRun, runCliProcess, startCli } from './cli-process.ts';
import { startFakeApi, TOKEN } from './fake-api.ts';
import { type ClientBench, startClientBench } from './s3-client-program.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface CliBench extends ClientBench {
  /** `holdfast object-store …` in the home directory, in a process of its own. */
  cli(...args: readonly string[]): Promise<CliRun>;
  /** The same, not waited for. */
  start(...args: readonly string[]): ReturnType<typeof startCli>;
  /** Where and with what these run. */
  readonly options: CliOptions;
  /** What the command answers with --json. @throws when it does not end with 0 */
  json<T>(...args: readonly string[]): Promise<T>;
  /** What the CLI reaches the store through. */
  readonly proxy: TcpProxy;
  /** rclone with a remote `hf:` that is the store. */
  rclone(...args: readonly string[]): Promise<string>;
}

export const RCLONE = { name: 'rclone', path: '/usr/bin/rclone', debianPackage: 'rclone' };

/** The real object store with `buckets`, the real API that knows them, and a home for the CLI. */
export async function startCliBench(...buckets: string[]): Promise<CliBench> {
  await using starting = new AsyncDisposableStack();
  const bench = starting.use(await startClientBench(...buckets));
  const proxy = starting.use(await startTcpProxy(bench.store.endpoint));
  const api = starting.use(await startFakeApi());
  api.platform.s3 = { endpoint: proxy.url, region: 'local', ...bench.operator };
  for (const name of buckets) await api.platform.createBucket({ name });
  const { createBucket } = api.platform;
  api.platform.createBucket = async (input) => {
    await bench.store.admin.ensureBucket({ name: input.name, from: input.from });
    return createBucket(input);
  };
  const options = {
    cwd: bench.home,
    env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN, XDG_STATE_HOME: join(bench.home, '.state') },
  };
  const cli = (...args: readonly string[]) => runCliProcess(['object-store', ...args], options);
  const running = starting.move();
  return {
    ...bench,
    proxy,
    cli,
    options,
    start: (...args) => startCli(['object-store', ...args], options),
    json: async (...args) => {
      const { code, stdout, stderr } = await cli(...args, '--json');
      if (code !== 0) throw new Error(`object-store ${args.join(' ')} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    rclone: (...args) =>
      bench.run([RCLONE.path, '--retries', '1', ...args], {
        RCLONE_CONFIG_HF_TYPE: 's3',
        RCLONE_CONFIG_HF_PROVIDER: 'Other',
        RCLONE_CONFIG_HF_ENDPOINT: bench.store.endpoint,
        RCLONE_CONFIG_HF_ACCESS_KEY_ID: bench.operator.accessKeyId,
        RCLONE_CONFIG_HF_SECRET_ACCESS_KEY: bench.operator.secretAccessKey,
      }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
