import { s3Errors } from './errors.ts';
import type { Operation } from './operation.ts';
import { abortMultipartUpload } from './operations/abort-multipart-upload.ts';
import { getBucketAcl, putBucketAcl } from './operations/bucket-acl.ts';
import { deleteBucketCors, getBucketCors, putBucketCors } from './operations/bucket-cors.ts';
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from './operations/bucket-encryption.ts';
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from './operations/bucket-lifecycle.ts';
import { getBucketLogging, putBucketLogging } from './operations/bucket-logging.ts';
import { getBucketNotification, putBucketNotification } from './operations/bucket-notification.ts';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './operations/bucket-policy.ts';
import { createBucketSnapshot, deleteBucketSnapshot, listBucketSnapshots } from './operations/bucket-snapshots.ts';
import { deleteBucketTagging, getBucketTagging, putBucketTagging } from './operations/bucket-tagging.ts';
import { getBucketVersioning, putBucketVersioning } from './operations/bucket-versioning.ts';
import { deleteBucketWebsite, getBucketWebsite, putBucketWebsite } from './operations/bucket-website.ts';
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts';
import { copyObject } from './operations/copy-object.ts';
import { createBucket } from './operations/create-bucket.ts';
import { createMultipartUpload } from './operations/create-multipart-upload.ts';
import { deleteBucket } from './operations/delete-bucket.ts';
import { deleteObject } from './operations/delete-object.ts';
import { deleteObjects } from './operations/delete-objects.ts';
import { getBucketLocation } from './operations/get-bucket-location.ts';
import { getObject } from './operations/get-object.ts';
import { getObjectAttributes } from './operations/get-object-attributes.ts';
import { headBucket } from './operations/head-bucket.ts';
import { headObject } from './operations/head-object.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listMultipartUploads } from './operations/list-multipart-uploads.ts';
import { listObjectVersions } from './operations/list-object-versions.ts';
import { listObjects } from './operations/list-objects.ts';
import { listObjectsV2 } from './operations/list-objects-v2.ts';
import { listParts } from './operations/list-parts.ts';
import { getObjectAcl, putObjectAcl } from './operations/object-acl.ts';
import { getObjectLegalHold, putObjectLegalHold } from './operations/object-legal-hold.ts';
import { getObjectLockConfiguration, putObjectLockConfiguration } from './operations/object-lock-configuration.ts';
import { getObjectRetention, putObjectRetention } from './operations/object-retention.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './operations/object-tagging.ts';
import {
  deleteBucketOwnershipControls,
  getBucketOwnershipControls,
  putBucketOwnershipControls,
} from './operations/ownership-controls.ts';
import {
  deletePublicAccessBlock,
  getPublicAccessBlock,
  putPublicAccessBlock,
} from './operations/public-access-block.ts';
import { putObject } from './operations/put-object.ts';
import { uploadPart } from './operations/upload-part.ts';
import { uploadPartCopy } from './operations/upload-part-copy.ts';
import type { RoutedRequest } from './routed-request.ts';
import { SUB_RESOURCES } from './unsupported.ts';

type Level = 'service' | 'bucket' | 'object';

/** The first whose query names are all present, with the copy header where it is asked for, is the operation. */
interface Route {
  readonly query?: readonly string[];
  readonly copy?: true;
  readonly operation: Operation;
}

const ROUTES: Readonly<Record<`${string} ${Level}`, readonly Route[]>> = {
  'GET service': [{ operation: listBuckets }],
  'PUT bucket': [
    { query: ['acl'], operation: putBucketAcl },
    { query: ['cors'], operation: putBucketCors },
    { query: ['encryption'], operation: putBucketEncryption },
    { query: ['lifecycle'], operation: putBucketLifecycleConfiguration },
    { query: ['logging'], operation: putBucketLogging },
    { query: ['tagging'], operation: putBucketTagging },
    { query: ['versioning'], operation: putBucketVersioning },
    { query: ['object-lock'], operation: putObjectLockConfiguration },
    { query: ['ownershipControls'], operation: putBucketOwnershipControls },
    { query: ['notification'], operation: putBucketNotification },
    { query: ['policy'], operation: putBucketPolicy },
    { query: ['publicAccessBlock'], operation: putPublicAccessBlock },
    { query: ['website'], operation: putBucketWebsite },
    { operation: createBucket },
  ],
  'HEAD bucket': [{ operation: headBucket }],
  'DELETE bucket': [
    { query: ['cors'], operation: deleteBucketCors },
    { query: ['encryption'], operation: deleteBucketEncryption },
    { query: ['lifecycle'], operation: deleteBucketLifecycle },
    { query: ['tagging'], operation: deleteBucketTagging },
    { query: ['ownershipControls'], operation: deleteBucketOwnershipControls },
    { query: ['policy'], operation: deleteBucketPolicy },
    { query: ['publicAccessBlock'], operation: deletePublicAccessBlock },
    { query: ['website'], operation: deleteBucketWebsite },
    { query: ['snapshots'], operation: deleteBucketSnapshot },
    { operation: deleteBucket },
  ],
  'GET bucket': [
    { query: ['acl'], operation: getBucketAcl },
    { query: ['cors'], operation: getBucketCors },
    { query: ['encryption'], operation: getBucketEncryption },
    { query: ['lifecycle'], operation: getBucketLifecycleConfiguration },
    { query: ['logging'], operation: getBucketLogging },
    { query: ['tagging'], operation: getBucketTagging },
    { query: ['object-lock'], operation: getObjectLockConfiguration },
    { query: ['ownershipControls'], operation: getBucketOwnershipControls },
    { query: ['notification'], operation: getBucketNotification },
    { query: ['policy'], operation: getBucketPolicy },
    { query: ['policyStatus'], operation: getBucketPolicyStatus },
    { query: ['publicAccessBlock'], operation: getPublicAccessBlock },
    { query: ['website'], operation: getBucketWebsite },
    { query: ['snapshots'], operation: listBucketSnapshots },
    { query: ['location'], operation: getBucketLocation },
    { query: ['versioning'], operation: getBucketVersioning },
    { query: ['versions'], operation: listObjectVersions },
    { query: ['uploads'], operation: listMultipartUploads },
    { query: ['list-type'], operation: listObjectsV2 },
    { operation: listObjects },
  ],
  'POST bucket': [
    { query: ['delete'], operation: deleteObjects },
    { query: ['snapshots'], operation: createBucketSnapshot },
  ],
  'GET object': [
    { query: ['uploadId'], operation: listParts },
    { query: ['acl'], operation: getObjectAcl },
    { query: ['legal-hold'], operation: getObjectLegalHold },
    { query: ['retention'], operation: getObjectRetention },
    { query: ['tagging'], operation: getObjectTagging },
    { query: ['attributes'], operation: getObjectAttributes },
    { operation: getObject },
  ],
  'HEAD object': [{ operation: headObject }],
  'PUT object': [
    { query: ['uploadId', 'partNumber'], copy: true, operation: uploadPartCopy },
    { query: ['uploadId', 'partNumber'], operation: uploadPart },
    { query: ['acl'], operation: putObjectAcl },
    { query: ['legal-hold'], operation: putObjectLegalHold },
    { query: ['retention'], operation: putObjectRetention },
    { query: ['tagging'], operation: putObjectTagging },
    { copy: true, operation: copyObject },
    { operation: putObject },
  ],
  'POST object': [
    { query: ['uploads'], operation: createMultipartUpload },
    { query: ['uploadId'], operation: completeMultipartUpload },
  ],
  'DELETE object': [
    { query: ['uploadId'], operation: abortMultipartUpload },
    { query: ['tagging'], operation: deleteObjectTagging },
    { operation: deleteObject },
  ],
};

/** They name a part or a version. Where it is not theirs to take, the request is about something smaller than it would change. */
const NARROWING = ['partNumber', 'uploadId', 'versionId'];
const OF_THE_WHOLE: ReadonlySet<Operation> = new Set([
  copyObject,
  createBucket,
  createMultipartUpload,
  deleteBucket,
  putObject,
]);

/** It has an address of its own in S3, and is here told from ListBuckets by the name that the SDKs give. */
const DIRECTORY_BUCKETS = 'ListDirectoryBuckets';

/** Clients say it where they begin an upload of copied parts, too. On what reads or deletes it is a mistake that would cost data. */
function takesCopySource(method: string, { operation }: Route): boolean {
  return method === 'PUT' || operation === createMultipartUpload;
}

/** @throws HoldfastError `s3.not-implemented`, `s3.method-not-allowed`, `s3.invalid-argument` */
export function findOperation({ method, bucket, key, query, headers }: RoutedRequest): Operation {
  const level: Level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const route = ROUTES[`${method} ${level}`]?.find(
    ({ query: names, copy }) =>
      (!names || names.every((name) => query.has(name))) && (!copy || headers.has('x-amz-copy-source')),
  );
  for (const name of query.keys()) {
    if (SUB_RESOURCES.has(name) && !route?.query?.includes(name)) {
      throw s3Errors.notImplemented(`?${name} is not implemented`);
    }
  }
  if (query.get('x-id') === DIRECTORY_BUCKETS) throw s3Errors.notImplemented('directory buckets are not implemented');
  if (route) {
    const narrowing = OF_THE_WHOLE.has(route.operation) && NARROWING.find((name) => query.has(name));
    if (narrowing) throw s3Errors.invalidArgument(`${route.operation.name} does not take ${narrowing} alone`);
    if (headers.has('x-amz-copy-source') && !takesCopySource(method, route)) {
      throw s3Errors.invalidArgument('You can only specify a copy source header for copy requests.');
    }
    return route.operation;
  }
  if (method === 'POST' && level === 'bucket') {
    throw s3Errors.preconditionFailed('Bucket POST must be of the enclosure-type multipart/form-data');
  }
  throw s3Errors.methodNotAllowed('the specified method is not allowed against this resource');
}
