import type { Storage, StorageError } from '../../../../sdk/src/index.ts';
import type { ApiClient } from '../../../control/api/client.ts';
import { type ErrorKind, HoldfastError } from '../../../core/errors.ts';

/** Runs `use` on a bucket over S3, with credentials that the API hands out for it. */
export async function withBucket<T>(api: ApiClient, id: string, use: (storage: Storage) => Promise<T>): Promise<T> {
  const { bucket, ...options } = await (await api.buckets[':id'].credentials.$get({ param: { id } })).json();
  const { Storage, StorageError } = await import('../../../../sdk/src/index.ts');
  try {
    return await use(new Storage(bucket, options));
  } catch (error) {
    throw error instanceof StorageError ? asHoldfastError(error) : error;
  }
}

function asHoldfastError(error: StorageError): HoldfastError {
  return new HoldfastError({
    code: `s3.${error.code}`,
    kind: KINDS[error.status ?? 0] ?? (error.retryable ? 'unavailable' : 'invalid'),
    message: error.message,
    retryable: error.retryable,
    cause: error,
  });
}

const KINDS: Readonly<Record<number, ErrorKind>> = {
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  412: 'conflict',
  500: 'internal',
  501: 'not-implemented',
  507: 'exhausted',
};
