import { secretEtag } from './customer-key.ts';
import { objectErrors } from './errors/object-errors.ts';

export interface EtagRule {
  /** The key of the bytes is a customer's: the ETag must not be their MD5. */
  readonly byCustomer: boolean;
  /** That the bytes are promised to have, in hex. */
  readonly md5?: string | undefined;
}

export function needsMd5({ byCustomer, md5 }: EtagRule): boolean {
  return !byCustomer || md5 !== undefined;
}

/** Of a body with that MD5, in hex; `undefined` where none is needed. @throws HoldfastError `object.digest` */
export function bodyEtag(actual: string | undefined, { byCustomer, md5 }: EtagRule): string {
  if (md5 !== undefined && actual !== md5) throw objectErrors.otherDigest();
  return byCustomer || actual === undefined ? secretEtag() : actual;
}
