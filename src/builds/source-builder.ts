import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { syncFileSystem } from '../core/copy-tree.ts';
import { makeDirectoryDurable, renameDurable } from '../core/durable-files.ts';
import { HoldfastError } from '../core/errors.ts';
import { buildEnvironment, findProgram } from './build-environment.ts';
import type { Builder, BuildRequest, BuildResult } from './builder.ts';
import { DependencyCache, removeModules } from './dependency-cache.ts';
import { buildAborted, cannotDetect, npmMissing } from './errors.ts';
import { type BuildPlan, detectStart, type InstallStep, planBuild } from './project.ts';
import { type RunOptions, runLine } from './run-line.ts';
import { unpackSource } from './unpack-source.ts';

export interface SourceBuilderOptions {
  /** Holds npm's cache, the builds' home and installed dependencies; all of it may be deleted at any time. */
  readonly cacheDirectory: string;
  /** Sets of installed dependencies kept. */
  readonly maxCachedDependencies?: number | undefined;
  /** Environment of the platform, for PATH, proxies and certificates. */
  readonly hostEnvironment?: NodeJS.ProcessEnv | undefined;
}

/** Builds on this machine, with the platform's Node and the machine's npm. */
export function createSourceBuilder(options: SourceBuilderOptions): Builder {
  const { cacheDirectory, maxCachedDependencies = 10, hostEnvironment = process.env } = options;
  const cache = new DependencyCache({
    directory: join(cacheDirectory, 'dependencies'),
    maxEntries: maxCachedDependencies,
  });
  return {
    async build(request) {
      const { outputDirectory } = request;
      const temporary = `${outputDirectory}.building`; // the same name each time: the next build clears up after a crash
      try {
        await makeDirectoryDurable(dirname(outputDirectory));
        await rm(temporary, { recursive: true, force: true });
        await rm(outputDirectory, { recursive: true, force: true });
        return await new SourceBuild({ request, temporary, cache, cacheDirectory, hostEnvironment }).run();
      } catch (error) {
        throw request.signal?.aborted ? buildAborted() : HoldfastError.from(error);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    },
  };
}

interface SourceBuildInput {
  readonly request: BuildRequest;
  readonly temporary: string;
  readonly cache: DependencyCache;
  readonly cacheDirectory: string;
  readonly hostEnvironment: NodeJS.ProcessEnv;
}

class SourceBuild {
  readonly #input: SourceBuildInput;
  readonly #request: BuildRequest;
  /** The service's own directory in the unpacked archive. */
  readonly #root: string;

  constructor(input: SourceBuildInput) {
    this.#input = input;
    this.#request = input.request;
    this.#root = join(input.temporary, serviceDirectory(input.request));
  }

  async run(): Promise<BuildResult> {
    const request = this.#request;
    const unpacked = await timed(() => this.#unpack());
    const plan = await planBuild(this.#root, request);
    if (plan.build === undefined) await detectStart(this.#root, request); // nothing will change it: fail before the install
    const installed = await timed(() => this.#install(plan.install));
    const built = await timed(() => this.#build(plan));
    const command = await detectStart(this.#root, request);
    await syncFileSystem(this.#root);
    request.signal?.throwIfAborted();
    await renameDurable(this.#root, request.outputDirectory);
    return { command, timings: { unpackMs: unpacked, installMs: installed, buildMs: built } };
  }

  async #unpack(): Promise<void> {
    const { archivePath, directory, signal } = this.#request;
    await mkdir(this.#input.temporary, { mode: 0o700 });
    await unpackSource(archivePath, this.#input.temporary, { signal });
    const found = await stat(this.#root).catch(() => undefined);
    if (found?.isDirectory()) return;
    throw cannotDetect(`the directory ${directory} is not in the source`, 'correct `directory` in the app file');
  }

  async #install(install: InstallStep | undefined): Promise<void> {
    if (!install) return;
    await removeModules(this.#root);
    const { cache } = this.#input;
    const key = install.cacheable ? await cache.key(this.#root, install.line) : undefined;
    if (key && (await cache.restore(key, this.#root))) {
      this.#log(`dependencies are unchanged, restored from the cache\n`);
      return;
    }
    await this.#run(install.line);
    if (key) await cache.store(key, this.#root);
  }

  async #build({ build, prune }: BuildPlan): Promise<void> {
    if (build === undefined) return;
    await this.#run(build);
    if (prune) await this.#run('npm prune --omit=dev --ignore-scripts --no-audit --no-fund');
  }

  async #run(line: string): Promise<void> {
    const { cacheDirectory, hostEnvironment } = this.#input;
    if (line.startsWith('npm ') && !findProgram('npm', hostEnvironment.PATH)) throw npmMissing();
    await mkdir(join(cacheDirectory, 'home'), { recursive: true, mode: 0o700 });
    const { environment, signal } = this.#request;
    const env = buildEnvironment({ cacheDirectory, directory: this.#root, environment, host: hostEnvironment });
    this.#log(`$ ${line}\n`);
    const options: RunOptions = { cwd: this.#root, env, signal, onOutput: (text) => this.#log(text) };
    await runLine(line, options);
  }

  #log(text: string): void {
    this.#request.onLog?.(text);
  }
}

/** @throws HoldfastError `build.detect` */
function serviceDirectory({ directory = '.' }: BuildRequest): string {
  const path = normalize(directory).replace(/^\/+/, '');
  if (!path.split('/').includes('..')) return path;
  throw cannotDetect(`the directory ${directory} lies outside of the source`, 'correct `directory` in the app file');
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(performance.now() - start);
}
