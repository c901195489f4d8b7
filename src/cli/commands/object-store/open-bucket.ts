import type { Storage, StorageError, StorageReader } from '../../../../sdk/src/index.ts';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import type { ApiClient } from '../../../control/api/client.ts';
import { type ErrorKind, HoldfastError } from '../../../core/errors.ts';
import { cliErrors } from '../../errors.ts';
import { parseObjectName, SCHEME } from '../../transfer/location.ts';

/** Runs `use` on a bucket over S3, with credentials that the API hands out for it. */
export async function withBucket<T>(api: ApiClient, id: string, use: (storage: Storage) => Promise<T>): Promise<T> {
  const { bucket, ...options } = await bucketCredentials(api, id);
  const { Storage } = await import('../../../../sdk/src/index.ts');
  return explained(() => use(new Storage(bucket, options)));
}

/** The same for what no app needs: requests about the bucket itself. */
export async function withBucketRequests<T>(
  api: ApiClient,
  id: string,
  use: (client: S3Client) => Promise<T>,
): Promise<T> {
  return withBucketNaming(api, { id, other: id }, use);
}

/** Requests about a bucket that name another one: with a key for both, and told what that one is called in S3. */
export async function withBucketNaming<T>(
  api: ApiClient,
  { id, other }: { readonly id: string; readonly other: string },
  use: (client: S3Client, other: string) => Promise<T>,
): Promise<T> {
  const { bucket, from, ...options } = await bucketCredentials(api, id, id === other ? undefined : other);
  const { S3Client } = await import('../../../../sdk/src/s3-client.ts');
  const { resolveConfig } = await import('../../../../sdk/src/config.ts');
  return explained(() => use(new S3Client(resolveConfig(bucket, options)), from ?? bucket));
}

/** Two buckets, of which the one takes copies from the other on the server. */
export async function withTwoBuckets<T>(
  api: ApiClient,
  { from, to }: { readonly from: string; readonly to: string },
  use: (buckets: { readonly from: Storage; readonly to: Storage }) => Promise<T>,
): Promise<T> {
  const { bucket, from: source, ...options } = await bucketCredentials(api, to, from === to ? undefined : from);
  const { Storage } = await import('../../../../sdk/src/index.ts');
  return explained(() => use({ from: new Storage(source ?? bucket, options), to: new Storage(bucket, options) }));
}

/** The bucket, or what a snapshot has of it. */
export function readerOf(storage: Storage, snapshot: string | undefined): StorageReader {
  return snapshot === undefined ? storage : storage.at(snapshot);
}

async function bucketCredentials(api: ApiClient, id: string, from?: string) {
  if (id.startsWith(SCHEME)) throw cliErrors.usage(`"${id}" is not the name of a bucket`, nameAlone(id));
  return (await api.buckets[':id'].credentials.$get({ param: { id }, query: { from } })).json();
}

function nameAlone(text: string): string {
  const { bucket, key } = parseObjectName(text);
  return `write ${[bucket, key].filter(Boolean).join(' ')}`;
}

async function explained<T>(run: () => Promise<T>): Promise<T> {
  const { StorageError } = await import('../../../../sdk/src/index.ts');
  try {
    return await run();
  } catch (error) {
    throw error instanceof StorageError ? asHoldfastError(error) : error;
  }
}

function asHoldfastError(error: StorageError): HoldfastError {
  return new HoldfastError({
    code: `s3.${error.code}`,
    kind: kindOf(error),
    message: messageOf(error),
    hint: HINTS[error.code],
    retryable: error.retryable,
    cause: error,
  });
}

/** The same error, with another way out. */
export function withHint(error: HoldfastError, hint: string): HoldfastError {
  return new HoldfastError({ ...error.toJSON(), hint, cause: error });
}

/** Which request it was is no news to whoever has given a command, unless the server says no more than that it refuses. */
function messageOf({ code, reason, message }: StorageError): string {
  return reason === undefined || code === DENIED ? message : `${reason} (${code})`;
}

function kindOf({ code, status, retryable }: StorageError): ErrorKind {
  if (code === QUOTA) return 'exhausted'; // with S3's status it would be for want of a permission
  return KINDS[status ?? 0] ?? (retryable ? 'unavailable' : 'invalid');
}

const QUOTA = 'QuotaExceeded';
const DENIED = 'AccessDenied';

const HINTS: Readonly<Record<string, string>> = {
  RequestTimeTooSkewed: 'set the clock of this machine: it differs from that of the platform by 15 minutes or more',
  [QUOTA]:
    'remove something, old versions too (`ls --versions`), or raise the quota (`update --quota`, or `quota` in the app file)',
  [DENIED]:
    'commands have an operator’s rights: a Deny in the policy (`holdfast object-store policy get <bucket>`) or an object lock holds for them too',
  NoSuchKey: '`holdfast object-store ls <bucket>` lists what there is',
  NoSuchSnapshot: '`holdfast object-store snapshots list <bucket>` lists those there are',
  SnapshotAlreadyExists: 'choose another name, or destroy that snapshot first',
  NoSuchBucketPolicy: '`holdfast object-store policy set <bucket> <file>` gives it one',
  NoSuchCORSConfiguration:
    '`holdfast object-store cors set <bucket> <file>` gives it rules; without them it answers every page',
  NoSuchLifecycleConfiguration:
    '`holdfast object-store lifecycle set <bucket> <file>` gives it rules; without them nothing goes by itself',
  NoSuchWebsiteConfiguration:
    '`holdfast object-store website set <bucket> <file>` gives it one: {"IndexDocument": {"Suffix": "index.html"}}',
  InvalidTag:
    'tags take letters, digits, spaces and _ . : / = + - @; names up to 128 characters and not aws:…, values up to 256',
  InvalidBucketState:
    'object lock needs versions: `holdfast object-store versioning <bucket> enabled`; where it is on they cannot be suspended',
  AccessControlListNotSupported:
    'ACLs are disabled by `holdfast object-store ownership <bucket>`; a policy can let others read',
  InvalidBucketAclWithObjectOwnership: 'set it back first: `holdfast object-store acl set <bucket> private`',
  MethodNotAllowed:
    'that version is a deletion: `holdfast object-store ls <bucket> <key> --versions` shows all of them',
  MalformedPolicy: 'docs/s3-compatibility.md says under Access what policies take',
};

const KINDS: Readonly<Record<number, ErrorKind>> = {
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  412: 'conflict',
  500: 'internal',
  501: 'not-implemented',
  507: 'exhausted',
};
