import type { ApiClient } from '../control/api/client.ts';
import { findAppFile } from './app-file.ts';
import type { Connection } from './connection.ts';
import { cliErrors } from './errors.ts';

/** Options that every command takes. */
export interface GlobalFlags {
  readonly app?: string | undefined;
  readonly json?: boolean | undefined;
  readonly dataDir?: string | undefined;
}

/** One run of one command: its flags and the platform that it talks to. */
export interface Session {
  readonly flags: GlobalFlags;
  readonly connection: Connection;
  readonly api: ApiClient;
  /** The app that the command is about. @throws HoldfastError `app.unclear`, `app.none` */
  app(): Promise<string>;
  /** The app that flags, app file or environment name, for what can be without one. */
  appIfNamed(): Promise<string | undefined>;
}

export async function openSession(flags: GlobalFlags, env: NodeJS.ProcessEnv = process.env): Promise<Session> {
  const [{ findConnection }, { createApiClient }] = await Promise.all([
    import('./connection.ts'),
    import('../control/api/client.ts'),
  ]);
  const connection = await findConnection(flags, env);
  const api = createApiClient(connection, connection.unreachable);
  const appIfNamed = async () => flags.app ?? (await appOfDirectory(api)) ?? (env.HOLDFAST_APP || undefined);
  return { flags, connection, api, appIfNamed, app: async () => (await appIfNamed()) ?? (await onlyApp(api)) };
}

async function appOfDirectory(api: ApiClient): Promise<string | undefined> {
  const file = await findAppFile(process.cwd());
  if (!file) return undefined;
  return (await (await api['app-files'].validate.$post({ json: file })).json()).app;
}

async function onlyApp(api: ApiClient): Promise<string> {
  const names = (await (await api.apps.$get()).json()).map((app) => app.name);
  const [only, ...others] = names;
  if (only === undefined) throw cliErrors.noApps();
  if (others.length > 0) throw cliErrors.whichApp(names);
  note(`app: ${only} (the only one)`);
  return only;
}

/** For the person, beside the answer: stdout stays clean for what reads it. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
