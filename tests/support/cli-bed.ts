import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type CliOptions, type CliRun, runCliProcess, startCli } from './cli-process.ts';
import { type FakeApi, startFakeApi, TOKEN } from './fake-api.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const APP_FILE = `app: photos
resources:
  web: { type: web-service, properties: { packaging: { type: source } } }
`;

/** The CLI as scripts and people meet it: a process of its own against the real API over HTTP. */
export class CliBed implements AsyncDisposable {
  readonly api: FakeApi;
  readonly directory: string;
  /** Has the app file of `photos`. */
  readonly project: string;
  /** Has nothing; commands run here. */
  readonly empty: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(api: FakeApi, directory: string, resources: AsyncDisposableStack) {
    this.api = api;
    this.directory = directory;
    this.project = join(directory, 'album');
    this.empty = join(directory, 'empty');
    this.#resources = resources;
  }

  static async open(): Promise<CliBed> {
    await using opening = new AsyncDisposableStack();
    const api = opening.use(await startFakeApi());
    const { path } = opening.use(await temporaryDirectory());
    const bed = new CliBed(api, path, opening.move());
    await mkdir(join(bed.project, 'node_modules', 'x'), { recursive: true });
    await mkdir(bed.empty);
    await writeFile(join(bed.project, 'holdfast.yaml'), APP_FILE);
    await writeFile(join(bed.project, 'server.js'), 'console.log(1)\n');
    await writeFile(join(bed.project, 'node_modules', 'x', 'index.js'), 'not sent\n');
    return bed;
  }

  holdfast(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
    return runCliProcess(args, this.#options(options));
  }

  /** As `holdfast`, to be stopped or read while it runs. */
  start(args: readonly string[], options: CliOptions = {}) {
    return startCli(args, this.#options(options));
  }

  async succeed(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
    const run = await this.holdfast(args, options);
    expect(run).toMatchObject({ code: 0 });
    return { ...run, stdout: plain(run.stdout) };
  }

  async json<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
    return JSON.parse((await this.succeed([...args, '--json'], options)).stdout) as T;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }

  #options({ env, ...options }: CliOptions): CliOptions {
    return { cwd: this.empty, ...options, env: { HOLDFAST_URL: this.api.url, HOLDFAST_TOKEN: TOKEN, ...env } };
  }
}

/** Ids differ from run to run and have one length. */
const plain = (text: string) =>
  text.replace(/\b(vol|buc|fil|dep|upl)_[0-9a-z]{23}/g, (id) => `${id.slice(0, 4)}${'x'.repeat(23)}`);
