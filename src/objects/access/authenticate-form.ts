import { type Clock, systemClock } from '../../core/clock.ts';
import type { Identity } from './authenticate.ts';
import { parseFormCredentials } from './credentials.ts';
import { accessErrors } from './errors.ts';
import { sign, signaturesEqual } from './signature-v4.ts';
import { SigningKeys } from './signing-keys.ts';
import { type AccessKeys, findValidKey } from './valid-key.ts';

/** By lower-case name. */
type Fields = ReadonlyMap<string, string>;

export type AuthenticateForm = (fields: Fields) => Identity;

/**
 * Who made a form, proven by the signature of its policy (S3 API, "Calculating a Signature",
 * POST policy); `anonymous` when it has neither. What the policy says is for others to check.
 * @throws HoldfastError `access.*`
 */
export function createFormAuthenticator(
  keys: AccessKeys,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): AuthenticateForm {
  const signingKeys = new SigningKeys();
  return (fields) => {
    if (fields.has('signature') || fields.has('awsaccesskeyid')) {
      throw accessErrors.mechanism('the authorization mechanism is not supported; use AWS4-HMAC-SHA256');
    }
    if (fields.has('x-amz-security-token')) {
      throw accessErrors.token('the provided token is malformed or otherwise invalid');
    }
    const policy = fields.get('policy');
    if (policy === undefined && !fields.has('x-amz-signature')) return { kind: 'anonymous' };
    if (policy === undefined) throw accessErrors.formMalformed("Bucket POST must contain a field named 'policy'.");
    const { accessKeyId, scope, signature } = parseFormCredentials(fields);
    const key = findValidKey(keys, accessKeyId, clock.now());
    const expected = sign(signingKeys.get(key.accessKeyId, key.secretAccessKey, scope), policy);
    if (!signaturesEqual(expected, signature)) {
      throw accessErrors.signature(
        'the signature of the policy we calculated does not match the one you provided; check your key and signing method',
      );
    }
    return { kind: 'key', accessKeyId: key.accessKeyId, owner: key.owner, grants: key.grants };
  };
}
