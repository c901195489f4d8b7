import { seal, unseal } from '../../../core/envelope.ts';
import { isHoldfastCode } from '../../../core/errors.ts';
import { checkCustomerKey } from '../../store/customer-key.ts';
import { encryptionErrors } from '../../store/errors/encryption-errors.ts';

export function sealByCustomer(customerKey: Uint8Array, data: Buffer, key: string): Buffer {
  return seal(customerKey, data, subject(key));
}

/** Nothing of a customer's key is kept: that it opens the object's is the check. @throws HoldfastError `encryption.key-wrong` */
export function unsealByCustomer(customerKey: Uint8Array, sealed: Buffer, key: string): Buffer {
  checkCustomerKey(customerKey);
  try {
    return unseal(customerKey, sealed, subject(key));
  } catch (error) {
    if (!isHoldfastCode(error, 'envelope.broken')) throw error;
    throw encryptionErrors.keyWrong(key);
  }
}

function subject(key: string): string {
  return `object key of ${key}`;
}
