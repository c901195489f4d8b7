import { bucketAccess } from '../../access/bucket-access.ts';
import { bucketLogging, LOGGING_DOCUMENT } from '../../access-log/bucket-logging.ts';
import type { Bucket } from '../../store/bucket.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { requireBucket } from '../bucket.ts';
import { loggingXml, namesGrants, readLogging } from '../configuration/logging-configuration.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

/** For operators of both buckets: what is done in the one makes objects in the other. */
export const putBucketLogging: Operation = {
  name: 'PutBucketLogging',
  action: 'administer-bucket',
  async handle({ bucket, body, access }, { store }) {
    requireBucket(store, bucket);
    const status = await readXml(await body(), 'BucketLoggingStatus');
    const logging = readLogging(status);
    if (logging) {
      await access.logTarget(logging.target); // first: others learn nothing of that bucket
      const target = requireLogTarget(logging.target, store);
      if (namesGrants(status)) refuseTargetGrants(target);
    }
    const text = logging && JSON.stringify(logging);
    await store.updateBucket(bucket, { documents: { [LOGGING_DOCUMENT]: text } });
    return { status: 200 };
  },
};

export const getBucketLogging: Operation = {
  name: 'GetBucketLogging',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    return xmlResponse('BucketLoggingStatus', loggingXml(bucketLogging(requireBucket(store, bucket))));
  },
};

/**
 * S3 User Guide, "Enabling Amazon S3 server access logging": the target has no default retention.
 * @throws HoldfastError `s3.invalid-logging-target`
 */
export function requireLogTarget(target: string, store: Pick<ObjectStore, 'bucket'>): Bucket {
  const found = store.bucket(target);
  if (!found) throw s3Errors.invalidLoggingTarget('The target bucket for logging does not exist');
  if (found.objectLock?.defaultRetention) {
    throw s3Errors.invalidLoggingTarget('The target bucket for logging must not have a default retention');
  }
  return found;
}

/** Nor has it grants where ACLs are off. */
function refuseTargetGrants(target: Bucket): never {
  if (bucketAccess(target).aclsDisabled) throw s3Errors.aclNotSupported('The target bucket does not allow ACLs');
  throw s3Errors.notImplemented('TargetGrants are not implemented; use a policy of the target bucket');
}
