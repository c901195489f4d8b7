import { type CustomerKey, customerKeyOf } from './customer-key.ts';
import { invalidArgument, missingConfiguration } from './errors.ts';
import type { Moment } from './moment.ts';
import type { Credentials } from './sigv4.ts';

export interface StorageOptions {
  /** Where the object store is reached from here. Default `AWS_ENDPOINT_URL_S3`, then `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string | undefined;
  /** Where browsers reach it, for `url` and `uploadUrl`. Default `HOLDFAST_PUBLIC_S3_URL`, then the endpoint. */
  readonly publicEndpoint?: string | undefined;
  /** Default `AWS_REGION`, then `us-east-1`. */
  readonly region?: string | undefined;
  /** Default `AWS_ACCESS_KEY_ID`. */
  readonly accessKeyId?: string | undefined;
  /** Default `AWS_SECRET_ACCESS_KEY`. */
  readonly secretAccessKey?: string | undefined;
  /** Default `AWS_SESSION_TOKEN`, only used with credentials from the same place. */
  readonly sessionToken?: string | undefined;
  /** The bucket is public: `url` gives plain URLs. Default: whether `HOLDFAST_PUBLIC_BUCKETS` (comma-separated) names it. */
  readonly public?: boolean | undefined;
  /** `https://bucket.host/key` in place of `https://host/bucket/key`. */
  readonly virtualHosted?: boolean | undefined;
  /**
   * A key of your own for AES-256, 32 bytes: everything is written and read under it (SSE-C), and lost with it, for the
   * server does not keep it. Every request sends it: use HTTPS.
   */
  readonly customerKey?: Uint8Array | undefined;
  /** How often a failed request is sent again, with exponential back-off. Default 5. */
  readonly retries?: number | undefined;
  /** A request fails when the connection is silent for so long. Default 120,000. */
  readonly timeoutMs?: number | undefined;
}

export interface StorageConfig {
  readonly bucket: string;
  readonly endpoint: URL;
  readonly publicEndpoint: URL;
  readonly region: string;
  readonly credentials: Credentials;
  readonly public: boolean;
  readonly virtualHosted: boolean;
  readonly customerKey: CustomerKey | undefined;
  readonly retries: number;
  readonly timeoutMs: number;
  /** What is read is read as of then. */
  readonly moment?: Moment | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws StorageError `MissingConfiguration`, naming the variable */
export function resolveConfig(
  name: string | undefined,
  options: StorageOptions = {},
  variables: Environment = process.env,
): StorageConfig {
  const environment = withoutEmpty(variables);
  const bucket = resolveBucket(name, environment);
  const endpoint =
    options.endpoint ??
    environment.AWS_ENDPOINT_URL_S3 ??
    environment.AWS_ENDPOINT_URL ??
    missing('AWS_ENDPOINT_URL_S3', 'the address of the object store');
  return Object.freeze({
    bucket,
    endpoint: parseEndpoint(endpoint),
    publicEndpoint: parseEndpoint(options.publicEndpoint ?? environment.HOLDFAST_PUBLIC_S3_URL ?? endpoint),
    region: options.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1',
    credentials: resolveCredentials(options, environment),
    public: options.public ?? namesOf(environment.HOLDFAST_PUBLIC_BUCKETS).includes(bucket),
    virtualHosted: options.virtualHosted ?? false,
    customerKey: customerKeyOf(options.customerKey),
    retries: options.retries ?? 5,
    timeoutMs: options.timeoutMs ?? 120_000,
  });
}

/**
 * `images` is a resource of the app file when `IMAGES_BUCKET_NAME` says which
 * bucket that is; otherwise it is the name of a bucket itself.
 */
function resolveBucket(name: string | undefined, environment: Environment): string {
  if (name === undefined) return environment.BUCKET_NAME ?? missing('BUCKET_NAME', 'the bucket');
  if (name === '') throw invalidArgument('the name of the bucket is empty');
  return environment[`${upperSnakeCase(name)}_BUCKET_NAME`] ?? name;
}

/** `userImages` and `user-images` → `USER_IMAGES`. */
function upperSnakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}

function resolveCredentials(options: StorageOptions, environment: Environment): Credentials {
  const own = options.accessKeyId !== undefined;
  return {
    accessKeyId: options.accessKeyId ?? environment.AWS_ACCESS_KEY_ID ?? missing('AWS_ACCESS_KEY_ID', 'the access key'),
    secretAccessKey:
      options.secretAccessKey ??
      environment.AWS_SECRET_ACCESS_KEY ??
      missing('AWS_SECRET_ACCESS_KEY', 'the secret of the access key'),
    sessionToken: options.sessionToken ?? (own ? undefined : environment.AWS_SESSION_TOKEN),
  };
}

function parseEndpoint(value: string): URL {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw invalidArgument(`the endpoint "${value}" is not a URL; it should look like http://127.0.0.1:7301`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalidArgument(`the endpoint "${value}" must begin with http:// or https://`);
  }
  return url;
}

/** A variable that is set to nothing counts as not set. */
function withoutEmpty(variables: Environment): Environment {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
}

function namesOf(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(',').map((name) => name.trim());
}

function missing(variable: string, what: string): never {
  throw missingConfiguration(variable, what);
}
