export interface Config {
  readonly host: string;
  readonly port: number;
  /** On the volume. */
  readonly database: string;
  readonly sharedDirectory: string;
  /** A job whose worker has ended waits so long for the next one. */
  readonly claimMs: number;
  readonly release: string;
  readonly instance: string;
}

/** The paths are those of holdfast.yaml; the variables are for running without a platform. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  return {
    host: environment.HOST ?? '127.0.0.1',
    port: Number(environment.PORT ?? 8080),
    database: `${environment.DATA_DIR ?? '/data'}/albums.db`,
    sharedDirectory: environment.SHARED_DIR ?? '/mnt/shared',
    claimMs: Number(environment.CLAIM_MS ?? 30_000),
    release: environment.HOLDFAST_RELEASE ?? 'dev',
    instance: environment.HOLDFAST_INSTANCE ?? 'local',
  };
}
