import { isKms, MANAGED } from './encryption.ts';
import { s3Errors } from './errors.ts';

/** Sub-resources; where one has no operation here, to serve the plain request instead would do something else than was asked. */
export const SUB_RESOURCES: ReadonlySet<string> = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'annotation',
  'attributes',
  'cors',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'location',
  'logging',
  'metadataAnnotationTable',
  'metadataConfiguration',
  'metadataInventoryTable',
  'metadataJournalTable',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'snapshots',
  'tagging',
  'torrent',
  'uploads',
  'versioning',
  'versions',
  'website',
]);

const GRANT_HEADERS = [
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
];

const REFUSED_HEADERS = [
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-server-side-encryption-context',
  'x-amz-write-offset-bytes',
];

/** A promise asked for and not kept (encryption, locks, access) must be refused, not ignored. */
export function refuseUnsupportedHeaders(headers: ReadonlyMap<string, string>): void {
  refuseGrants(headers);
  if (isKms(headers.get(MANAGED))) throw headerNotImplemented(`${MANAGED}: aws:kms`);
  const refused = REFUSED_HEADERS.find((name) => headers.has(name) && headers.get(name)?.toLowerCase() !== 'false');
  if (refused) throw headerNotImplemented(refused);
  const storageClass = headers.get('x-amz-storage-class');
  if (storageClass !== undefined && storageClass !== 'STANDARD') {
    throw s3Errors.invalidStorageClass('the only storage class is STANDARD');
  }
}

/** @throws HoldfastError `s3.not-implemented` */
export function refuseGrants(headers: ReadonlyMap<string, string>): void {
  const refused = GRANT_HEADERS.find((name) => headers.has(name));
  if (refused) throw headerNotImplemented(refused);
}

const headerNotImplemented = (name: string) => s3Errors.notImplemented(`the header ${name} is not implemented`);
