import { secretEtag } from './customer-key.ts';
import { objectErrors } from './errors/object-errors.ts';

/** How a body is kept. */
export interface EtagRule {
  /** Of a customer's key the ETag must not be the MD5 of the bytes. */
  readonly key?: { readonly byCustomer: boolean } | undefined;
  /** That the bytes are promised to have, in hex. */
  readonly md5?: string | undefined;
}

export function needsMd5({ key, md5 }: EtagRule): boolean {
  return !key?.byCustomer || md5 !== undefined;
}

/** Of a body with that MD5, in hex; `undefined` where none is needed. @throws HoldfastError `object.digest` */
export function bodyEtag(actual: string | undefined, { key, md5 }: EtagRule): string {
  if (md5 !== undefined && actual !== md5) throw objectErrors.otherDigest();
  return key?.byCustomer || actual === undefined ? secretEtag() : actual;
}
