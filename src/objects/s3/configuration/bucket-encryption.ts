import type { Bucket } from '../../store/bucket.ts';
import { documentReader } from '../../store/document-reader.ts';
import { s3Errors } from '../errors.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

/** What can be set: objects are encrypted with AES256 whatever it says. */
export interface BucketEncryption {
  /** Means nothing without KMS; given back as it was set. */
  readonly bucketKey: boolean;
  /** SSE-C is refused when writing. */
  readonly blocksCustomerKeys: boolean;
}

/** As S3 has it for every bucket since 2023. */
const DEFAULT: BucketEncryption = { bucketKey: false, blocksCustomerKeys: false };

const read = documentReader<BucketEncryption>('encryption');

export function bucketEncryption(bucket: Bucket): BucketEncryption {
  return read(bucket) ?? DEFAULT;
}

/** @throws HoldfastError `s3.malformed-xml`, `s3.not-implemented`, `s3.invalid-argument` */
export function readBucketEncryption(configuration: XmlNode): BucketEncryption {
  const rules = configuration.all('Rule');
  const [rule] = rules;
  if (!rule || rules.length > 1) throw s3Errors.malformedXml('one Rule is expected');
  const [byDefault] = rule.all('ApplyServerSideEncryptionByDefault');
  if (byDefault) checkDefault(byDefault);
  const blocked = rule
    .all('BlockedEncryptionTypes')
    .flatMap((types) => types.all('EncryptionType').map((type) => type.content().trim()));
  if (blocked.some((type) => type !== 'SSE-C' && type !== 'NONE')) {
    throw s3Errors.malformedXml('an EncryptionType is SSE-C or NONE');
  }
  return {
    bucketKey: rule.text('BucketKeyEnabled')?.trim() === 'true',
    blocksCustomerKeys: blocked.includes('SSE-C'),
  };
}

function checkDefault(byDefault: XmlNode): void {
  const algorithm = byDefault.text('SSEAlgorithm')?.trim();
  if (algorithm === 'aws:kms' || algorithm === 'aws:kms:dsse') {
    throw s3Errors.notImplemented('there is no KMS; the encryption of the store itself is AES256');
  }
  if (algorithm !== 'AES256') throw s3Errors.malformedXml('the SSEAlgorithm is AES256');
  if (byDefault.text('KMSMasterKeyID') !== undefined) {
    throw s3Errors.invalidArgument('a KMSMasterKeyID is not applicable if the SSEAlgorithm is not aws:kms');
  }
}

export function bucketEncryptionXml({ bucketKey, blocksCustomerKeys }: BucketEncryption): XmlElements {
  return {
    Rule: {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
      BucketKeyEnabled: bucketKey,
      BlockedEncryptionTypes: blocksCustomerKeys ? { EncryptionType: 'SSE-C' } : undefined,
    },
  };
}
