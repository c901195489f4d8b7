import { accessErrors } from './access/errors.ts';
import type { StoredKey } from './access/key-file.ts';
import type { Grant } from './access/key-scope.ts';
import type { KeyStore } from './access/key-store.ts';
import type { KeyAdmin, KeyInfo } from './object-admin.ts';

/** Of an S3 key, in bytes of UTF-8. */
const MAX_PREFIX_BYTES = 1024;

export function createKeyAdmin(keys: KeyStore): KeyAdmin {
  return {
    async createKey({ grants, description, expiresAt }) {
      return keys.create({ grants: grants === '*' ? grants : readGrants(grants), description, expiresAt });
    },
    async listKeys() {
      return keys.list().map(describe);
    },
    rotateKey: ({ accessKeyId, graceMs }) => keys.rotate(accessKeyId, graceMs),
    revokeAccessKey: ({ accessKeyId }) => keys.revoke(accessKeyId),
  };
}

/** A prefix that every key has is none. */
function readGrants(grants: readonly Grant[]): readonly Grant[] {
  if (grants.length === 0) throw accessErrors.keyInvalid('a key that reaches nothing is of no use');
  return grants.map(({ bucket, prefix, access }) => {
    if (Buffer.byteLength(prefix ?? '') > MAX_PREFIX_BYTES) {
      throw accessErrors.keyInvalid(`a prefix has at most ${MAX_PREFIX_BYTES} bytes`);
    }
    return { bucket, access, ...(prefix ? { prefix } : {}) };
  });
}

function describe({ secretAccessKey: _, ...key }: StoredKey): KeyInfo {
  return key;
}
