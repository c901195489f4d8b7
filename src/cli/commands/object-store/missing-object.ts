import type { Storage } from '../../../../sdk/src/index.ts';
import { cliErrors } from '../../errors.ts';

export interface NamedObject {
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly snapshot?: string | undefined;
}

/** Neither a missing snapshot nor a missing version is told apart from a missing object by a HEAD. */
export async function whatIsMissing(
  { bucket, snapshots }: Pick<Storage, 'bucket' | 'snapshots'>,
  { key, versionId, snapshot }: NamedObject,
): Promise<Error> {
  if (snapshot !== undefined) {
    const known = (await snapshots.list()).some(({ id, name }) => id === snapshot || name === snapshot);
    if (!known) return cliErrors.bucketSnapshotMissing(bucket, snapshot);
  }
  return versionId === undefined
    ? cliErrors.objectMissing(bucket, key, snapshot)
    : cliErrors.versionMissing(bucket, key, versionId);
}

/** `undefined` where the answer is that there is nothing of what was asked for. `code` is S3's for that. */
export async function unlessMissing<T>(code: string, asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if ((error as { code?: unknown }).code === code) return undefined;
    throw error;
  }
}
