/** Turns an app's source into a directory that instances start from. */

export interface BuildRequest {
  readonly app: string;
  readonly service: string;
  /** gzipped tar of the app's directory, as uploaded. */
  readonly archivePath: string;
  /** Directory in the archive that holds the service; default the top. */
  readonly directory?: string | undefined;
  readonly entryfilePath?: string | undefined;
  /** Shell lines of the app's author; detected from package.json when absent. */
  readonly installCommand?: string | undefined;
  readonly buildCommand?: string | undefined;
  readonly startCommand?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the result goes; absent before, complete and durable after, absent again after a failure. */
  readonly outputDirectory: string;
  readonly onLog?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BuildResult {
  /** argv of the start command. */
  readonly command: readonly string[];
  /** Where the time went, ms. */
  readonly timings: { readonly unpackMs: number; readonly installMs: number; readonly buildMs: number };
}

export interface Builder {
  /** @throws HoldfastError `build.failed` with the last lines of output, `build.detect` when it is not clear how to start */
  build(request: BuildRequest): Promise<BuildResult>;
}
