import { createHash } from 'node:crypto';
import { StorageError } from './errors.ts';
import { checkedKey } from './object-key.ts';
import { type ObjectVersionId, versionQuery } from './object-version.ts';
import { conditionHeaders } from './put-options.ts';
import type { S3Client } from './s3-client.ts';
import { unquote } from './unquote.ts';
import { elements, escapeXml, text, wholeAnswer } from './xml.ts';

export interface RemoveOptions {
  /** Of one object: only where it has this ETag, else `PreconditionFailed`. */
  readonly ifMatch?: string | undefined;
  /** Of one version: also where its retention, in mode governance, has not ended. Takes the right to pass over it. */
  readonly bypassGovernance?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Of several objects: told of each that could not be removed, instead of an error at the end of a thousand. */
  readonly onFailed?: ((failure: RemovalFailure) => void) | undefined;
}

/** One of several. */
export interface ObjectRemoval extends ObjectVersionId {
  /** Only where it has this ETag; where it is gone already, that is no error. */
  readonly ifMatch?: string | undefined;
}

/** What could not be removed. */
export interface RemovalFailure {
  readonly key: string;
  /** S3's own: `PreconditionFailed`, `AccessDenied`, … */
  readonly code: string;
  readonly message: string;
}

interface RemoveManyOptions {
  readonly signal: AbortSignal | undefined;
  readonly onFailed: ((failure: RemovalFailure) => void) | undefined;
}

/** S3 DeleteObjects takes so many keys. */
const BATCH = 1000;

export async function removeOne(
  client: S3Client,
  { key, versionId }: ObjectVersionId,
  { ifMatch, bypassGovernance, signal }: RemoveOptions,
): Promise<void> {
  const bypass: Record<string, string> = bypassGovernance ? { 'x-amz-bypass-governance-retention': 'true' } : {};
  const headers = { ...conditionHeaders({ ifMatch }), ...bypass };
  const once = ifMatch !== undefined;
  await client.send({ method: 'DELETE', key: checkedKey(key), query: versionQuery(versionId), headers, once, signal });
}

export async function removeMany(
  client: S3Client,
  objects: readonly ObjectRemoval[],
  options: RemoveManyOptions,
): Promise<void> {
  for (const { key } of objects) checkedKey(key);
  for (let start = 0; start < objects.length; start += BATCH) {
    await removeBatch(client, objects.slice(start, start + BATCH), options);
  }
}

async function removeBatch(
  client: S3Client,
  objects: readonly ObjectRemoval[],
  { signal, onFailed }: RemoveManyOptions,
): Promise<void> {
  const body = Buffer.from(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects.map(objectElement).join('')}<Quiet>true</Quiet></Delete>`,
  );
  const headers = {
    'content-type': 'application/xml',
    'content-md5': createHash('md5').update(body).digest('base64'),
  };
  const answer = await client.send({ method: 'POST', query: { delete: '' }, headers, body, signal });
  const failed = elements(wholeAnswer(answer.text, 'DeleteResult'), 'Error').map(readFailure).filter(isFailure);
  if (onFailed) return failed.forEach(onFailed);
  const [first] = failed;
  if (first === undefined) return;
  const { key, code, message } = first;
  throw new StorageError({
    code,
    status: answer.status,
    message: `${failed.length} of ${objects.length} objects could not be removed; the first is "${key}": ${message} (${code})`,
    retryable: code === 'InternalError' || code === 'SlowDown',
  });
}

function readFailure(element: string): RemovalFailure {
  const code = text(element, 'Code') ?? 'InternalError';
  return { key: text(element, 'Key') ?? '', code, message: text(element, 'Message') ?? '' };
}

/** What a condition misses is gone, by an attempt whose answer was lost or by somebody else. */
function isFailure({ code }: RemovalFailure): boolean {
  return code !== 'NoSuchKey';
}

function objectElement({ key, versionId, ifMatch }: ObjectRemoval): string {
  const version = versionId === undefined ? '' : `<VersionId>${escapeXml(versionId)}</VersionId>`;
  const condition = ifMatch === undefined ? '' : `<ETag>${escapeXml(unquote(ifMatch))}</ETag>`;
  return `<Object><Key>${escapeXml(key)}</Key>${version}${condition}</Object>`;
}
