import { requireBucket } from '../bucket.ts';
import { corsRulesXml, readCorsRules } from '../configuration/cors-rules.ts';
import { corsRules } from '../cors.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

export const putBucketCors: Operation = {
  name: 'PutBucketCors',
  action: 'configure-bucket',
  async handle({ bucket, body }, { store }) {
    const rules = readCorsRules(await readXml(await body(), 'CORSConfiguration'));
    await store.updateBucket(bucket, { documents: { cors: JSON.stringify(rules) } });
    return { status: 200 };
  },
};

export const getBucketCors: Operation = {
  name: 'GetBucketCors',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const rules = corsRules(requireBucket(store, bucket));
    if (!rules) throw s3Errors.noSuchCors('the CORS configuration does not exist');
    return xmlResponse('CORSConfiguration', corsRulesXml(rules));
  },
};

export const deleteBucketCors = documentRemoval('DeleteBucketCors', { action: 'configure-bucket', document: 'cors' });
