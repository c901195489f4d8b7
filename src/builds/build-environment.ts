import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What decides whether this machine reaches package servers at all. */
const NETWORK_VARIABLES = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

export interface BuildEnvironmentInput {
  readonly cacheDirectory: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The platform's own. */
  readonly host: NodeJS.ProcessEnv;
}

/**
 * The environment of install and build commands: the app's variables, the
 * platform's Node first in PATH, a home of its own; of the platform's
 * environment only the way to the network, and the operator's npm settings.
 */
export function buildEnvironment(input: BuildEnvironmentInput): Readonly<Record<string, string>> {
  const { cacheDirectory, directory, environment, host } = input;
  const npm = findProgram('npm', host.PATH);
  const path = [dirname(process.execPath), join(directory, 'node_modules', '.bin'), ...SYSTEM_PATH];
  if (npm) path.push(dirname(npm));
  const network = NETWORK_VARIABLES.flatMap((name) => (host[name] === undefined ? [] : [[name, host[name]] as const]));
  return {
    PATH: path.join(delimiter),
    HOME: join(cacheDirectory, 'home'),
    LANG: 'C.UTF-8',
    ...Object.fromEntries(network),
    NPM_CONFIG_CACHE: join(cacheDirectory, 'npm'),
    NPM_CONFIG_USERCONFIG: host.NPM_CONFIG_USERCONFIG ?? join(homedir(), '.npmrc'),
    NPM_CONFIG_UPDATE_NOTIFIER: 'false',
    ...environment,
  };
}

export function findProgram(name: string, path = ''): string | undefined {
  const directories = [...path.split(delimiter).filter(Boolean), ...SYSTEM_PATH];
  return directories.map((directory) => join(directory, name)).find((candidate) => existsSync(candidate));
}
