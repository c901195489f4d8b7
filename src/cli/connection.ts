import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ApiConnection } from '../control/api/client.ts';
import { readJsonFile } from '../core/durable-files.ts';
import { type HoldfastError, isNodeError } from '../core/errors.ts';
import { cliErrors } from './errors.ts';

export interface Connection extends ApiConnection {
  /** The error for when nothing answers there. */
  readonly unreachable: (cause: unknown) => HoldfastError;
}

/**
 * `HOLDFAST_URL` with `HOLDFAST_TOKEN`, else what the platform of the data
 * directory has left in its cli.json.
 * @throws HoldfastError `platform.not-running`, `platform.not-yours`, `token.missing`, `url.invalid`
 */
export async function findConnection(
  flags: { readonly dataDir?: string | undefined },
  env: NodeJS.ProcessEnv,
): Promise<Connection> {
  if (env.HOLDFAST_URL) return fromEnvironment(env.HOLDFAST_URL, env.HOLDFAST_TOKEN);
  const directory = resolve(flags.dataDir ?? env.HOLDFAST_DATA_DIR ?? join(homedir(), '.holdfast'));
  const path = join(directory, 'cli.json');
  const file = await readJsonFile<ApiConnection>(path).catch((error) => {
    throw isNodeError(error, 'EACCES') ? cliErrors.notYours(path, error) : error;
  });
  if (!file) throw cliErrors.notRunning();
  return { url: file.url, token: env.HOLDFAST_TOKEN || file.token, unreachable: cliErrors.notRunning };
}

function fromEnvironment(address: string, token: string | undefined): Connection {
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? '')) throw cliErrors.badUrl(address);
  const url = address.replace(/\/+$/, '');
  if (!token) throw cliErrors.noToken(url);
  return { url, token, unreachable: (cause) => cliErrors.unreachable(url, cause) };
}
