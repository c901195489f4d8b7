import type { CopySource } from '../../access/copy-source.ts';
import { objectTags, tagsAttribute } from '../../object-tags.ts';
import type { ObjectInfo, ObjectMetadata } from '../../store/object.ts';
import { LEGAL_HOLD, LOCK_MODE } from '../../store/object-lock.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { checkAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { type ChecksumAlgorithm, createHasher, parseChecksumAlgorithm } from '../checksums/checksums.ts';
import {
  checksumElements,
  type ObjectChecksum,
  objectChecksum,
  partChecksums,
  withChecksum,
} from '../checksums/object-checksum.ts';
import { checkSourceConditions, type ReadableSource, readCopySource } from '../copy-source.ts';
import { changesEncryption, encryptionAnswer, requestedEncryption } from '../encryption.ts';
import { s3Errors } from '../errors.ts';
import { expirationHeader } from '../expiration.ts';
import { REDIRECT, readMetadata, requestedAttributes, withAttributes } from '../metadata.ts';
import { isoTime, type Operation, type S3Request, xmlResponse } from '../operation.ts';
import { readWriteConditions } from '../preconditions.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';
import { versionHeader, writtenVersionHeader } from '../versions.ts';

/** Larger ones are copied by parts (S3 API, CopyObject). */
const MAX_COPY_BYTES = 5 * 2 ** 30;

export const copyObject: Operation = {
  name: 'CopyObject',
  action: 'write-object',
  readsPast: true,
  async handle(request, { store }) {
    const bucket = requireBucket(store, request.bucket);
    const encryption = requestedEncryption(request.headers, store, bucket);
    refuseUnsupportedHeaders(request.headers);
    refuseRange(request.headers);
    checkAcl(bucket, request.headers);
    const source = await readCopySource(request);
    const target = { bucket: request.bucket, key: request.key, ...encryption };
    const found = await store.head(source.bucket, source.key, source);
    const tags = replaces(request.headers, 'tagging') ? [] : objectTags(found.metadata);
    if (tags.length > 0) {
      await request.access.copySource(source, 'GetObjectTagging');
      await request.access.tagging(request, tags);
    }
    const sourceConditions = checkSourceConditions(request.headers, found);
    if (found.size > MAX_COPY_BYTES) {
      throw s3Errors.invalidRequest('the copy source is larger than the maximum of 5 GiB; copy it by parts');
    }
    const algorithm = parseChecksumAlgorithm(request.headers.get('x-amz-checksum-algorithm'));
    const metadata = newMetadata(request, found);
    if (!replaces(request.headers, 'metadata') && !changesAttributes(request.headers) && isSame(source, target)) {
      throw s3Errors.invalidRequest('an object can be copied to itself only with new metadata or encryption');
    }
    const conditions = readWriteConditions(request.headers);
    const checksum = algorithm && (await checksumOf(store, source, { info: found, algorithm }));
    const info = await store.copy({
      source,
      target,
      metadata: checksum ? withChecksum(metadata ?? found.metadata, checksum) : metadata,
      sourceConditions: checksum ? { ifMatch: found.etag } : sourceConditions,
      conditions,
    });
    return xmlResponse(
      'CopyObjectResult',
      {
        LastModified: isoTime(info.lastModified),
        ETag: `"${info.etag}"`,
        ...checksumElements(objectChecksum(info.metadata)),
      },
      {
        headers: {
          ...writtenVersionHeader(info),
          ...encryptionAnswer(info, request.headers),
          ...expirationHeader(store, target.bucket, info),
          ...versionHeader(store, source.bucket, found, 'x-amz-copy-source-version-id'),
        },
      },
    );
  },
};

/** A range is for UploadPartCopy: all of the object would be another copy than was asked for. */
function refuseRange(headers: S3Request['headers']): void {
  if (headers.has('x-amz-copy-source-range')) throw s3Errors.notImplemented('CopyObject copies no ranges');
}

/** What makes a copy onto itself one (S3 API, CopyObject): asking for what it has already does, too. */
function changesAttributes(headers: S3Request['headers']): boolean {
  return changesEncryption(headers) || headers.has(REDIRECT) || headers.has('x-amz-storage-class');
}

/** Copying a version of the key itself, or what was there before, brings it back. */
function isSame(source: ReadableSource, target: Pick<CopySource, 'bucket' | 'key'>): boolean {
  const { versionId, snapshot, at } = source;
  const isCurrent = versionId === undefined && snapshot === undefined && at === undefined;
  return isCurrent && source.bucket === target.bucket && source.key === target.key;
}

/** Of the source's bytes, which are read for it unless they have it. @throws HoldfastError `s3.operation-aborted` */
async function checksumOf(
  store: ObjectStore,
  { bucket, key, ...version }: ReadableSource,
  { info, algorithm }: { readonly info: ObjectInfo; readonly algorithm: ChecksumAlgorithm },
): Promise<ObjectChecksum> {
  const known = objectChecksum(info.metadata);
  if (known?.algorithm === algorithm && known.type === 'FULL_OBJECT') return known;
  const read = await store.open(bucket, key, version);
  try {
    if (read.info.etag !== info.etag) throw s3Errors.operationAborted('the copy source changed while it was read');
    const hasher = createHasher(algorithm);
    for await (const bytes of read.body()) hasher.update(bytes);
    return { algorithm, type: 'FULL_OBJECT', value: hasher.digest().toString('base64') };
  } finally {
    read.release();
  }
}

/**
 * With `REPLACE`, the request's headers; the bytes stay, so their checksums do too. Tags have a
 * directive of their own; an ACL is never copied (S3 API, CopyObject). `undefined`: all as it is but
 * the lock, which is never copied either and so has to be named where the copy is to have the same.
 */
function newMetadata({ headers }: S3Request, { metadata }: ObjectInfo): ObjectMetadata | undefined {
  const attributes = {
    ...requestedAttributes(headers),
    ...(replaces(headers, 'tagging') ? {} : tagsAttribute(objectTags(metadata))),
  };
  if (replaces(headers, 'metadata')) {
    const replaced = withChecksum(readMetadata(headers), objectChecksum(metadata), partChecksums(metadata));
    return withAttributes(replaced, attributes);
  }
  const isSame = Object.entries(attributes).every(([name, value]) => metadata.headers[name] === value);
  const isLocked = attributes[LOCK_MODE] !== undefined || attributes[LEGAL_HOLD] !== undefined;
  return isSame && !isLocked ? undefined : withAttributes(metadata, attributes);
}

function replaces(headers: S3Request['headers'], what: 'metadata' | 'tagging'): boolean {
  const directive = headers.get(`x-amz-${what}-directive`) ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive === 'REPLACE';
  throw s3Errors.invalidArgument(`x-amz-${what}-directive must be COPY or REPLACE`);
}
