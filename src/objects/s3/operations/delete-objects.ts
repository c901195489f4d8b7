import { HoldfastError } from '../../../core/errors.ts';
import { inTurns } from '../../../core/in-turns.ts';
import { unquote } from '../../etag.ts';
import { objectErrors } from '../../store/errors/object-errors.ts';
import type { RemoveConditions, RemovedObject } from '../../store/object.ts';
import { requireBucket } from '../bucket.ts';
import { publicMessage, s3ErrorCode } from '../error-responses.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, type Removal, type S3Context, type S3Request, xmlResponse } from '../operation.ts';
import { parseRemoveConditions } from '../preconditions.ts';
import { MAX_DELETIONS_BYTES, readXml } from '../request-xml.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

const MAX_KEYS = 1000;

interface Deletion {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly conditions: RemoveConditions;
}

/**
 * Up to a thousand at once; each succeeds or fails on its own. Together, so that one commit can carry many, but with
 * turns for others: for each key the bucket's policy is asked.
 */
export const deleteObjects: Operation = {
  name: 'DeleteObjects',
  action: 'write-object',
  async handle(request, context) {
    const { bucket } = request;
    requireBucket(context.store, bucket);
    const document = await readXml(await request.body(), 'Delete', { maxBytes: MAX_DELETIONS_BYTES });
    const deletions = document.all('Object').map(readDeletion);
    if (deletions.length === 0 || deletions.length > MAX_KEYS) {
      throw s3Errors.malformedXml(`one to ${MAX_KEYS} objects are expected`);
    }
    const quiet = document.text('Quiet')?.trim() === 'true';
    const results = await Promise.all(await inTurns(begun(deletions, (one) => deleteOne(request, one, context))));
    const response = xmlResponse('DeleteResult', {
      Deleted: quiet ? [] : results.map(({ deleted }) => deleted).filter((one) => one !== undefined),
      Error: results.map(({ error }) => error).filter((one) => one !== undefined),
    });
    return { ...response, removals: results.map(({ removal }) => removal) };
  },
};

function* begun<T, R>(items: readonly T[], begin: (item: T) => Promise<R>): Generator<void, readonly Promise<R>[]> {
  const results: Promise<R>[] = [];
  for (const item of items) {
    results.push(begin(item));
    yield;
  }
  return results;
}

function readDeletion(node: XmlNode): Deletion {
  const key = node.text('Key');
  if (!key) throw s3Errors.malformedXml('an object has no Key');
  const etag = node.text('ETag');
  const conditions = {
    ...parseRemoveConditions(node.text('LastModifiedTime'), node.text('Size')),
    ifMatch: etag === undefined ? undefined : unquote(etag),
  };
  return { key, versionId: node.text('VersionId'), conditions };
}

/** More than that it is there. */
function compares({ ifMatch, ifSize, ifLastModified }: RemoveConditions): boolean {
  return (ifMatch ?? '*') !== '*' || ifSize !== undefined || ifLastModified !== undefined;
}

/** One of the two elements, and what the access log says of it. */
interface Result {
  readonly deleted?: XmlElements;
  readonly error?: XmlElements;
  readonly removal: Removal;
}

async function deleteOne(
  request: S3Request,
  { key, versionId, conditions }: Deletion,
  { store, log }: S3Context,
): Promise<Result> {
  try {
    const { bucket, access } = request;
    await access.removal({ bucket, key, versionId });
    if (versionId === '') throw objectErrors.versionNotFound(bucket, key, versionId); // not the newest, as in S3
    if (compares(conditions)) await access.comparison({ bucket, key, versionId });
    const bypassGovernance = await access.mayBypassGovernance(request, key);
    const removed = await store.remove(bucket, key, { versionId, ...conditions, bypassGovernance });
    const deleted = { Key: key, VersionId: versionId, ...markerElements(removed) };
    return { deleted, removal: { key, versionId, status: 204 } };
  } catch (cause) {
    const error = HoldfastError.from(cause);
    const { code, status } = s3ErrorCode(error);
    if (status >= 500) log?.error({ operation: deleteObjects.name, err: error }, error.message);
    const told = { Key: key, VersionId: versionId, Code: code, Message: publicMessage(error) };
    return { error: told, removal: { key, versionId, status, errorCode: code } };
  }
}

function markerElements({ versionId, deleteMarker }: RemovedObject): XmlElements {
  return deleteMarker ? { DeleteMarker: true, DeleteMarkerVersionId: versionId } : {};
}
