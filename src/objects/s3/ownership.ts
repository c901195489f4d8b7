import type { ObjectOwnership } from '../access/bucket-access.ts';

/** There is one owner here: of the three, only that `BucketOwnerEnforced` disables ACLs makes a difference. */
const OWNERSHIPS: readonly ObjectOwnership[] = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'];

export function findOwnership(text: string): ObjectOwnership | undefined {
  return OWNERSHIPS.find((one) => one === text);
}
