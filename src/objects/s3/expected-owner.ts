import { accessErrors } from '../access/errors.ts';
import { ACCOUNT } from '../access/policy/principal.ts';
import { s3Errors } from './errors.ts';

/** Of the bucket, and of the one that is copied from. */
const HEADERS = ['x-amz-expected-bucket-owner', 'x-amz-source-expected-bucket-owner'];

/**
 * Whose the bucket must be for the request to be done at all (S3 User Guide, "Verifying bucket ownership
 * with bucket owner condition"): a client that means another account's bucket is not to write into this one.
 * @throws HoldfastError `access.denied`, `s3.invalid-bucket-owner`
 */
export function checkExpectedOwners(headers: ReadonlyMap<string, string>): void {
  const named = HEADERS.map((name) => headers.get(name) ?? ACCOUNT);
  if (named.every((account) => account === ACCOUNT)) return;
  if (!named.every((account) => /^\d{12}$/.test(account))) {
    throw s3Errors.invalidBucketOwner('The value of the expected bucket owner parameter must be an AWS account ID');
  }
  throw accessErrors.denied(`Access Denied: the account that owns all buckets here is ${ACCOUNT}`);
}
