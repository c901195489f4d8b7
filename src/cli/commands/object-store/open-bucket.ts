import type { Storage, StorageReader } from '../../../../sdk/src/index.ts';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import type { ApiClient } from '../../../control/api/client.ts';
import { isInTheClear } from '../../customer-key.ts';
import { cliErrors } from '../../errors.ts';
import { note } from '../../session.ts';
import { parseObjectName, SCHEME } from '../../transfer/location.ts';
import { explained } from './explain-refusal.ts';

/** Under which objects are written and read. */
interface KeyOption {
  readonly customerKey?: Uint8Array | undefined;
}

/** Runs `use` on a bucket over S3, with credentials that the API hands out for it. */
export async function withBucket<T>(
  api: ApiClient,
  id: string,
  use: (storage: Storage) => Promise<T>,
  { customerKey }: KeyOption = {},
): Promise<T> {
  const { bucket, ...options } = await bucketCredentials(api, { id, customerKey });
  const { Storage } = await import('../../../../sdk/src/index.ts');
  return explained(() => use(new Storage(bucket, options)));
}

/** The same for what no app needs: requests about the bucket itself. */
export async function withBucketRequests<T>(
  api: ApiClient,
  id: string,
  use: (client: S3Client) => Promise<T>,
  { customerKey }: KeyOption = {},
): Promise<T> {
  return withBucketNaming(api, { id, other: id, customerKey }, use);
}

/** Requests about a bucket that name another one: with a key for both, and told what that one is called in S3. */
export async function withBucketNaming<T>(
  api: ApiClient,
  { id, other, customerKey }: KeyOption & { readonly id: string; readonly other: string },
  use: (client: S3Client, other: string) => Promise<T>,
): Promise<T> {
  const { bucket, from, ...options } = await bucketCredentials(api, {
    id,
    from: id === other ? undefined : other,
    customerKey,
  });
  const { S3Client } = await import('../../../../sdk/src/s3-client.ts');
  const { resolveConfig } = await import('../../../../sdk/src/config.ts');
  return explained(() => use(new S3Client(resolveConfig(bucket, options)), from ?? bucket));
}

/** Two buckets, of which the one takes copies from the other on the server. */
export async function withTwoBuckets<T>(
  api: ApiClient,
  { from, to, customerKey }: KeyOption & { readonly from: string; readonly to: string },
  use: (buckets: { readonly from: Storage; readonly to: Storage }) => Promise<T>,
): Promise<T> {
  const {
    bucket,
    from: source,
    ...options
  } = await bucketCredentials(api, {
    id: to,
    from: from === to ? undefined : from,
    customerKey,
  });
  const { Storage } = await import('../../../../sdk/src/index.ts');
  return explained(() => use({ from: new Storage(source ?? bucket, options), to: new Storage(bucket, options) }));
}

/** The bucket, or what a snapshot has of it. */
export function readerOf(storage: Storage, snapshot: string | undefined): StorageReader {
  return snapshot === undefined ? storage : storage.at(snapshot);
}

interface WantedCredentials extends KeyOption {
  readonly id: string;
  readonly from?: string | undefined;
}

async function bucketCredentials(api: ApiClient, { id, from, customerKey }: WantedCredentials) {
  if (id.startsWith(SCHEME)) throw cliErrors.usage(`"${id}" is not the name of a bucket`, nameAlone(id));
  const credentials = await (await api.buckets[':id'].credentials.$get({ param: { id }, query: { from } })).json();
  if (customerKey && isInTheClear(credentials.endpoint))
    note(`the key goes to ${credentials.endpoint} in the clear: put TLS in front of the object store`);
  return { ...credentials, customerKey };
}

function nameAlone(text: string): string {
  const { bucket, key } = parseObjectName(text);
  return `write ${[bucket, key].filter(Boolean).join(' ')}`;
}
