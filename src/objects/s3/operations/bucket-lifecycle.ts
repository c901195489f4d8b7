import { LIFECYCLE, lifecycleRules } from '../../lifecycle/lifecycle-rule.ts';
import { requireBucket } from '../bucket.ts';
import { lifecycleRulesXml, readLifecycleRules } from '../configuration/lifecycle-rules.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { MAX_LIFECYCLE_BYTES, readXml } from '../request-xml.ts';

export const putBucketLifecycleConfiguration: Operation = {
  name: 'PutBucketLifecycleConfiguration',
  action: 'configure-bucket',
  async handle({ bucket, body }, { store }) {
    const rules = readLifecycleRules(
      await readXml(await body(), 'LifecycleConfiguration', { maxBytes: MAX_LIFECYCLE_BYTES }),
    );
    await store.updateBucket(bucket, { documents: { [LIFECYCLE]: JSON.stringify(rules) } });
    return { status: 200 };
  },
};

export const getBucketLifecycleConfiguration: Operation = {
  name: 'GetBucketLifecycleConfiguration',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const rules = lifecycleRules(requireBucket(store, bucket));
    if (rules.length === 0) throw s3Errors.noSuchLifecycle('The lifecycle configuration does not exist');
    return xmlResponse('LifecycleConfiguration', lifecycleRulesXml(rules));
  },
};

export const deleteBucketLifecycle = documentRemoval('DeleteBucketLifecycle', {
  action: 'configure-bucket',
  document: LIFECYCLE,
});
