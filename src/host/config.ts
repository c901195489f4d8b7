import { availableParallelism, homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../core/errors.ts';
import { parseBytes } from '../core/units.ts';
import { checkRegion } from '../spec/regions.ts';

/** What a platform on this machine is started with. Parsed once, handed to the roles as it is. */
export interface HostConfig {
  readonly dataDirectory: string;
  /** The master key; in the data directory unless said. */
  readonly masterKeyFile: string | undefined;
  /** Address that the API, S3 and the edge listen on. */
  readonly listenAddress: string;
  readonly apiPort: number;
  /** Host names, besides those of loopback, that the API answers to. */
  readonly apiHosts: readonly string[];
  readonly s3Port: number;
  readonly s3Gateways: GatewayCount;
  /** Which S3 requests get a line in the log. */
  readonly s3RequestLog: S3RequestLog;
  /** Between two sweeps of the buckets with lifecycle rules. */
  readonly lifecycleMs: number;
  /** How long a line of a bucket's access log waits at most before it is in its target. */
  readonly accessLogMs: number;
  readonly httpPort: number;
  /** Where webhooks may be besides public addresses: host names, addresses, networks. */
  readonly webhookAllow: readonly string[];
  /** Disk that the edge may use for what it keeps of websites; 0: none. */
  readonly edgeCacheBytes: number;
  readonly region: string;
  /** Ports that instances get, first to last. */
  readonly instancePorts: { readonly from: number; readonly to: number };
  /** `auto`: bubblewrap where it works. */
  readonly sandbox: 'auto' | 'off';
  readonly logLevel: string;
}

/** Processes that speak S3 besides the objects role: as many as are asked for, or between the two as the load wants it. */
export interface GatewayCount {
  readonly least: number;
  readonly most: number;
}

export interface ConfigFlags {
  readonly dataDir?: string | undefined;
  readonly region?: string | undefined;
}

/**
 * Flags first, then `HOLDFAST_*` variables, then defaults.
 * @throws HoldfastError `config.invalid`, `region.unknown`
 */
export function readConfig(flags: ConfigFlags, env: NodeJS.ProcessEnv): HostConfig {
  return Object.freeze({
    dataDirectory: dataDirectory(flags, env),
    masterKeyFile: env.HOLDFAST_MASTER_KEY_FILE ? resolve(env.HOLDFAST_MASTER_KEY_FILE) : undefined,
    listenAddress: env.HOLDFAST_LISTEN ?? '127.0.0.1',
    apiPort: port(env, 'HOLDFAST_API_PORT', 7300),
    apiHosts: names(env.HOLDFAST_API_HOSTS),
    s3Port: port(env, 'HOLDFAST_S3_PORT', 7301),
    s3Gateways: s3Gateways(env),
    s3RequestLog: s3RequestLog(env),
    lifecycleMs: seconds(env, 'HOLDFAST_LIFECYCLE_SECONDS', 3600) * 1000,
    accessLogMs: seconds(env, 'HOLDFAST_ACCESS_LOG_SECONDS', 300) * 1000,
    httpPort: port(env, 'HOLDFAST_HTTP_PORT', 7380),
    webhookAllow: names(env.HOLDFAST_WEBHOOK_ALLOW),
    edgeCacheBytes: size(env, 'HOLDFAST_EDGE_CACHE_SIZE', '1GiB'),
    region: checkRegion(flags.region ?? env.HOLDFAST_REGION ?? 'local'),
    instancePorts: {
      from: port(env, 'HOLDFAST_INSTANCE_PORT_FIRST', 21_000),
      to: port(env, 'HOLDFAST_INSTANCE_PORT_LAST', 28_999),
    },
    sandbox: env.HOLDFAST_SANDBOX === 'off' ? 'off' : 'auto',
    logLevel: logLevel(env),
  });
}

export function dataDirectory(flags: ConfigFlags, env: NodeJS.ProcessEnv): string {
  return resolve(flags.dataDir ?? env.HOLDFAST_DATA_DIR ?? join(homedir(), '.holdfast'));
}

/** `a.example, b.example` */
function names(list = ''): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

const REQUEST_LOGS = ['off', 'failed', 'all'] as const;
type S3RequestLog = (typeof REQUEST_LOGS)[number];

function s3RequestLog({ HOLDFAST_S3_REQUEST_LOG: text = '' }: NodeJS.ProcessEnv): S3RequestLog {
  const value = REQUEST_LOGS.find((one) => one === (text || 'off'));
  if (value) return value;
  throw new HoldfastError({
    code: 'config.invalid',
    kind: 'invalid',
    message: `HOLDFAST_S3_REQUEST_LOG is "${text}"`,
    hint: `set it to ${REQUEST_LOGS.join(', ')}, or leave it out`,
  });
}

const LOG_LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

function logLevel({ HOLDFAST_LOG_LEVEL: text = '' }: NodeJS.ProcessEnv): string {
  const level = text || 'info';
  if (LOG_LEVELS.includes(level)) return level;
  throw new HoldfastError({
    code: 'config.invalid',
    kind: 'invalid',
    message: `HOLDFAST_LOG_LEVEL is "${text}"`,
    hint: `set it to ${LOG_LEVELS.join(', ')}, or leave it out for info`,
  });
}

function size(env: NodeJS.ProcessEnv, name: string, fallback: string): number {
  const text = env[name] || fallback;
  try {
    return parseBytes(text, 'B');
  } catch (cause) {
    throw new HoldfastError({
      code: 'config.invalid',
      kind: 'invalid',
      message: `${name} is "${text}", which is not a size`,
      hint: `write a number and a unit, such as 512MiB, 0 for none, or leave it out for ${fallback}`,
      cause,
    });
  }
}

const DAY_SECONDS = 24 * 3600;

function seconds(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name] || String(fallback);
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= DAY_SECONDS) return value;
  throw new HoldfastError({
    code: 'config.invalid',
    kind: 'invalid',
    message: `${name} is "${text}", which is not a number of seconds`,
    hint: `set it to a number from 1 to ${DAY_SECONDS}, or leave it out for ${fallback}`,
  });
}

const MOST_GATEWAYS = 64;
/** More of them do not make the one writer of the store any faster. */
const MOST_GATEWAYS_UNASKED = 4;

function s3Gateways({ HOLDFAST_S3_GATEWAYS: text = '', HOLDFAST_S3_PORT }: NodeJS.ProcessEnv): GatewayCount {
  if (text === '') {
    const isShareable = process.platform === 'linux' && HOLDFAST_S3_PORT !== '0';
    return { least: 0, most: isShareable ? Math.min(availableParallelism() - 1, MOST_GATEWAYS_UNASKED) : 0 };
  }
  const value = Number(text);
  const invalid = (message: string, hint: string) =>
    new HoldfastError({ code: 'config.invalid', kind: 'invalid', message, hint });
  if (!Number.isInteger(value) || value < 0 || value > MOST_GATEWAYS) {
    throw invalid(
      `HOLDFAST_S3_GATEWAYS is "${text}", which is not a number of processes`,
      `set it to a number from 0 to ${MOST_GATEWAYS}, or leave it out for as many as the load wants`,
    );
  }
  if (value > 0 && process.platform !== 'linux') {
    throw invalid(`HOLDFAST_S3_GATEWAYS needs Linux, whose processes can share a port`, 'leave it out');
  }
  return { least: value, most: value };
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new HoldfastError({
    code: 'config.invalid',
    kind: 'invalid',
    message: `${name} is "${text}", which is not a port`,
    hint: `set ${name} to a number from 1 to 65535, or leave it out for ${fallback}`,
  });
}
