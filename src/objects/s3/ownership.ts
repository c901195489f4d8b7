import type { ObjectOwnership } from '../access/bucket-access.ts';
import { s3Errors } from './errors.ts';

/** There is one owner here: of the three, only that `BucketOwnerEnforced` disables ACLs makes a difference. */
const OWNERSHIPS: readonly string[] = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
] satisfies ObjectOwnership[];

/** @throws HoldfastError `s3.malformed-xml` */
export function checkOwnership(text: string): ObjectOwnership {
  if (OWNERSHIPS.includes(text)) return text as ObjectOwnership;
  throw s3Errors.malformedXml(`the object ownership is one of ${OWNERSHIPS.join(', ')}`);
}
