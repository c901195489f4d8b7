export interface Config {
  readonly host: string;
  readonly port: number;
  /** On the volume. */
  readonly database: string;
  readonly sharedDirectory: string;
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
    release: environment.HOLDFAST_RELEASE ?? 'dev',
    instance: environment.HOLDFAST_INSTANCE ?? 'local',
  };
}
