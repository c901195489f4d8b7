import { websiteOf } from '../../website/website.ts';
import { requireBucket } from '../bucket.ts';
import { readWebsite, websiteXml } from '../configuration/website-configuration.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

export const putBucketWebsite: Operation = {
  name: 'PutBucketWebsite',
  action: 'configure-bucket',
  async handle({ bucket, body }, { store }) {
    const website = readWebsite(await readXml(await body(), 'WebsiteConfiguration'));
    await store.updateBucket(bucket, { documents: { website: JSON.stringify(website) } });
    return { status: 200 };
  },
};

export const getBucketWebsite: Operation = {
  name: 'GetBucketWebsite',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const found = requireBucket(store, bucket);
    if (found.documents?.website === undefined) {
      throw s3Errors.noSuchWebsite('the specified bucket does not have a website configuration');
    }
    return xmlResponse('WebsiteConfiguration', websiteXml(websiteOf(found)));
  },
};

export const deleteBucketWebsite = documentRemoval('DeleteBucketWebsite', {
  action: 'configure-bucket',
  document: 'website',
});
