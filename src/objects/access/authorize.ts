import type { Identity } from './authenticate.ts';
import { accessErrors } from './errors.ts';

/** What an operation does, as far as access is concerned. */
export type Action =
  | 'list-buckets'
  | 'create-bucket'
  | 'delete-bucket'
  | 'read-bucket' // listings, settings, uploads in progress
  | 'configure-bucket' // what changes nobody's access
  | 'read-object'
  | 'write-object'; // put, delete, multipart

export interface AccessRequest {
  readonly action: Action;
  readonly bucket: string;
  /** The bucket exists and lets anyone read its objects. */
  readonly isPublic: boolean;
}

/**
 * Denied unless something allows it. A key of a service reaches the objects of
 * its buckets; making one of them is harmless, deleting one is for operators:
 * data outlives the services that use it.
 */
export function permits(identity: Identity, { action, bucket, isPublic }: AccessRequest): boolean {
  if (action === 'read-object' && isPublic) return true;
  if (identity.kind === 'anonymous') return false;
  if (identity.buckets === '*') return true;
  switch (action) {
    case 'list-buckets':
      return true; // which shows the key's own buckets only
    case 'create-bucket':
    case 'read-bucket':
    case 'configure-bucket':
    case 'read-object':
    case 'write-object':
      return identity.buckets.includes(bucket);
    default:
      return false;
  }
}

/** @throws HoldfastError `access.denied` */
export function authorize(identity: Identity, request: AccessRequest): void {
  if (!permits(identity, request)) throw accessErrors.denied('Access Denied');
}
