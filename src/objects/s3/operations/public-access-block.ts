import { PUBLIC_ACCESS_BLOCK, type PublicAccessBlock, publicAccessBlock } from '../../access/bucket-access.ts';
import { requireBucket } from '../bucket.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';
import type { XmlNode } from '../xml-document.ts';

const ROOT = 'PublicAccessBlockConfiguration';

export const putPublicAccessBlock: Operation = {
  name: 'PutPublicAccessBlock',
  action: 'administer-bucket',
  async handle({ bucket, body }, { store }) {
    const document = await readXml(await body(), ROOT);
    const block: PublicAccessBlock = {
      blockPublicAcls: readSwitch(document, 'BlockPublicAcls'),
      ignorePublicAcls: readSwitch(document, 'IgnorePublicAcls'),
      blockPublicPolicy: readSwitch(document, 'BlockPublicPolicy'),
      restrictPublicBuckets: readSwitch(document, 'RestrictPublicBuckets'),
    };
    await store.updateBucket(bucket, { documents: { [PUBLIC_ACCESS_BLOCK]: JSON.stringify(block) } });
    return { status: 200 };
  },
};

export const getPublicAccessBlock: Operation = {
  name: 'GetPublicAccessBlock',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const block = publicAccessBlock(requireBucket(store, bucket));
    if (!block) throw s3Errors.noSuchPublicAccessBlock('the public access block configuration was not found');
    return xmlResponse(ROOT, {
      BlockPublicAcls: block.blockPublicAcls,
      IgnorePublicAcls: block.ignorePublicAcls,
      BlockPublicPolicy: block.blockPublicPolicy,
      RestrictPublicBuckets: block.restrictPublicBuckets,
    });
  },
};

export const deletePublicAccessBlock = documentRemoval('DeletePublicAccessBlock', {
  action: 'administer-bucket',
  document: PUBLIC_ACCESS_BLOCK,
});

function readSwitch(document: XmlNode, name: string): boolean {
  const text = document.text(name)?.trim().toLowerCase() ?? 'false';
  if (text !== 'true' && text !== 'false') throw s3Errors.malformedXml(`${name} is true or false`);
  return text === 'true';
}
