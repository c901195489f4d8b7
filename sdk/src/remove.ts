import { createHash } from 'node:crypto';
import { StorageError } from './errors.ts';
import { checkedKey } from './object-key.ts';
import { type ObjectVersionId, versionQuery } from './object-version.ts';
import { conditionHeaders } from './put-options.ts';
import type { S3Client } from './s3-client.ts';
import { elements, escapeXml, text, wholeAnswer } from './xml.ts';

export interface RemoveOptions {
  /** Of one object: only where it has this ETag, else `PreconditionFailed`. */
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** S3 DeleteObjects takes so many keys. */
const BATCH = 1000;

export async function removeOne(
  client: S3Client,
  { key, versionId }: ObjectVersionId,
  { ifMatch, signal }: RemoveOptions,
): Promise<void> {
  const headers = conditionHeaders({ ifMatch });
  const once = ifMatch !== undefined;
  await client.send({ method: 'DELETE', key: checkedKey(key), query: versionQuery(versionId), headers, once, signal });
}

export async function removeMany(
  client: S3Client,
  objects: readonly ObjectVersionId[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { key } of objects) checkedKey(key);
  for (let start = 0; start < objects.length; start += BATCH) {
    await removeBatch(client, objects.slice(start, start + BATCH), signal);
  }
}

async function removeBatch(
  client: S3Client,
  objects: readonly ObjectVersionId[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const body = Buffer.from(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects.map(objectElement).join('')}<Quiet>true</Quiet></Delete>`,
  );
  const headers = {
    'content-type': 'application/xml',
    'content-md5': createHash('md5').update(body).digest('base64'),
  };
  const answer = await client.send({ method: 'POST', query: { delete: '' }, headers, body, signal });
  const failed = elements(wholeAnswer(answer.text, 'DeleteResult'), 'Error');
  const [first] = failed;
  if (first === undefined) return;
  const code = text(first, 'Code') ?? 'InternalError';
  throw new StorageError({
    code,
    status: answer.status,
    message: `${failed.length} of ${objects.length} objects could not be removed; the first is "${text(first, 'Key')}": ${text(first, 'Message')} (${code})`,
    retryable: code === 'InternalError' || code === 'SlowDown',
  });
}

function objectElement({ key, versionId }: ObjectVersionId): string {
  const version = versionId === undefined ? '' : `<VersionId>${escapeXml(versionId)}</VersionId>`;
  return `<Object><Key>${escapeXml(key)}</Key>${version}</Object>`;
}
