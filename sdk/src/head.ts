import { customerKeyHeaders } from './customer-key.ts';
import { StorageError } from './errors.ts';
import { versionQuery } from './object-version.ts';
import type { S3Answer, S3Client } from './s3-client.ts';

export interface HeadRequest {
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** What a refusal says nothing about in the answer to a HEAD, which has no body. */
const REFUSALS = [400, 403];

/** S3 HeadObject, under the client's key. Why it is refused, a GET of one byte says. */
export async function headObject(
  client: S3Client,
  { key, versionId, signal, ...more }: HeadRequest,
): Promise<S3Answer> {
  const headers = { ...customerKeyHeaders(client.customerKey), ...more.headers };
  const request = { key, query: versionQuery(versionId), headers, signal };
  try {
    return await client.send({ method: 'HEAD', ...request });
  } catch (error) {
    if (!(error instanceof StorageError) || !REFUSALS.includes(error.status ?? 0)) throw error;
    const reason = await client.open({ method: 'GET', ...request, headers: { ...headers, range: 'bytes=0-0' } }).then(
      (answer) => void answer.destroy(),
      (refusal: unknown) => refusal,
    );
    throw reason instanceof StorageError && reason.status === error.status ? reason : error;
  }
}
