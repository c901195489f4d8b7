import type { StorageError } from '../../../../sdk/src/index.ts';
import { type ErrorKind, HoldfastError } from '../../../core/errors.ts';

/** With errors of the object store as those of a command: in its words, with what to do. */
export async function explained<T>(run: () => Promise<T>): Promise<T> {
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
    hint: keyHintOf(error) ?? HINTS[error.code],
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

/** With S3's codes alone these would be hardly any hints. */
function keyHintOf({ reason = '' }: StorageError): string | undefined {
  return KEY_HINTS.find(([words]) => reason.includes(words))?.[1];
}

/** By what the object store says of customers' keys. */
const KEY_HINTS = [
  [
    "customer's key, which must be given",
    'give it: `--sse-c-key-file <file>`, of a source to copy `--source-sse-c-key-file`',
  ],
  ["is not encrypted with a customer's key", 'leave --sse-c-key-file out, of a source to copy --source-sse-c-key-file'],
  [
    "the customer's key is not the one",
    'give the key that the object was stored with; without it nobody can read the object',
  ],
] as const;

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
    'commands have an operator’s rights: a Deny in the policy (`holdfast object-store policy get <bucket>`), a public access block or an object lock (`retention get`, `legal-hold`) holds for them too',
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
    'object lock is of versions: `holdfast object-store versioning <bucket> enabled` comes before it, and `suspended` never after',
  InvalidRetentionPeriod: 'name up to 36500 days, or 100 years',
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
