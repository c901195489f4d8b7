import { type ErrorKind, HoldfastError } from '../../core/errors.ts';

/** The catalogue of what the object store refuses. Codes are stable. */

interface Refusal {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string;
  readonly resource?: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

const refuse = (refusal: Refusal) => new HoldfastError(refusal);

export const bucketName = (name: string) =>
  refuse({
    code: 'bucket.name',
    kind: 'invalid',
    message: `"${name}" is not a bucket name`,
    hint: 'use 3 to 63 lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit',
  });

export const bucketExists = (name: string) =>
  refuse({
    code: 'bucket.exists',
    kind: 'conflict',
    message: `bucket ${name} exists already`,
    hint: 'use it as it is, or choose another name',
    resource: `bucket ${name}`,
  });

export const bucketNotFound = (name: string) =>
  refuse({
    code: 'bucket.not-found',
    kind: 'not-found',
    message: `there is no bucket ${name}`,
    hint: 'create the bucket first, or check its name',
    resource: `bucket ${name}`,
  });

export const bucketNotEmpty = (name: string) =>
  refuse({
    code: 'bucket.not-empty',
    kind: 'conflict',
    message: `bucket ${name} still holds objects`,
    hint: 'delete its objects first, or ask for them to be deleted with it',
    resource: `bucket ${name}`,
  });

export const bucketHasForks = (name: string) =>
  refuse({
    code: 'bucket.has-forks',
    kind: 'conflict',
    message: `bucket ${name} has forks, which show what it holds`,
    hint: 'delete its forks first',
    resource: `bucket ${name}`,
  });

export const bucketHasSnapshots = (name: string) =>
  refuse({
    code: 'bucket.has-snapshots',
    kind: 'conflict',
    message: `bucket ${name} has snapshots`,
    hint: 'delete its snapshots first, or ask for them to be deleted with it',
    resource: `bucket ${name}`,
  });

export const quotaExceeded = (name: string) =>
  refuse({
    code: 'bucket.quota-exceeded',
    kind: 'exhausted',
    message: `bucket ${name} would hold more than its quota`,
    hint: 'delete objects or old versions, or raise the quota',
    resource: `bucket ${name}`,
  });

export const quotaInvalid = (limit: number) =>
  refuse({
    code: 'bucket.quota',
    kind: 'invalid',
    message: `${limit} is no limit for a bucket`,
    hint: 'use a whole number of bytes or objects, 0 or more',
  });

export const snapshotNotFound = (bucket: string, snapshot: string) =>
  refuse({
    code: 'snapshot.not-found',
    kind: 'not-found',
    message: `bucket ${bucket} has no snapshot ${snapshot}`,
    hint: 'list the snapshots of the bucket',
    resource: `bucket ${bucket}`,
  });

export const snapshotName = (name: string) =>
  refuse({
    code: 'snapshot.name',
    kind: 'invalid',
    message: `"${name}" is not a snapshot name`,
    hint: 'use up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit',
  });

export const snapshotExists = (bucket: string, name: string) =>
  refuse({
    code: 'snapshot.exists',
    kind: 'conflict',
    message: `bucket ${bucket} has a snapshot ${name} already`,
    hint: 'choose another name, or delete that snapshot first',
    resource: `bucket ${bucket}`,
  });

export const snapshotLimit = (bucket: string, limit: number) =>
  refuse({
    code: 'snapshot.limit',
    kind: 'conflict',
    message: `bucket ${bucket} has ${limit} snapshots, as many as it may`,
    hint: 'delete some of them first',
    resource: `bucket ${bucket}`,
  });

export const momentAmbiguous = () =>
  refuse({
    code: 'snapshot.moment',
    kind: 'invalid',
    message: 'the request names a snapshot and a time',
    hint: 'name one of them',
  });

export const documentsTooLarge = (bytes: number, limit: number) =>
  refuse({
    code: 'bucket.documents-size',
    kind: 'invalid',
    message: `the configuration of the bucket takes ${bytes} bytes, more than ${limit}`,
    hint: 'shorten its policy, its CORS rules or what else is set on it',
  });

export const versioningStays = (name: string) =>
  refuse({
    code: 'bucket.versioning-stays',
    kind: 'conflict',
    message: `bucket ${name} has versions; versioning cannot be taken back`,
    hint: 'suspend versioning, or copy the objects to a bucket without it',
    resource: `bucket ${name}`,
  });

export const bucketLockStays = (name: string) =>
  refuse({
    code: 'bucket.lock-stays',
    kind: 'conflict',
    message: `bucket ${name} has object lock; its versioning cannot be suspended`,
    hint: 'copy the objects to a bucket without object lock',
    resource: `bucket ${name}`,
  });

export const bucketLockVersioning = (name: string) =>
  refuse({
    code: 'bucket.lock-versioning',
    kind: 'conflict',
    message: `bucket ${name} has no versioning, which object lock needs`,
    hint: 'enable versioning first',
    resource: `bucket ${name}`,
  });

export const bucketLocked = (name: string) =>
  refuse({
    code: 'bucket.locked',
    kind: 'conflict',
    message: `bucket ${name} holds versions that are locked`,
    hint: 'wait until their retention has ended and take back legal holds; see GetObjectRetention and GetObjectLegalHold',
    resource: `bucket ${name}`,
  });

export const objectLocked = (bucket: string, key: string) =>
  refuse({
    code: 'object.locked',
    kind: 'forbidden',
    message: `Access Denied because object protected by object lock: ${key} in bucket ${bucket}`,
    hint: 'wait until its retention has ended, take back its legal hold, or bypass governance where that is the mode',
    resource: `object ${bucket}/${key}`,
  });

export const lockUnavailable = (bucket: string) =>
  refuse({
    code: 'object.lock-unavailable',
    kind: 'invalid',
    message: 'Bucket is missing Object Lock Configuration',
    hint: 'turn on object lock for the bucket first',
    resource: `bucket ${bucket}`,
  });

export const objectKey = (reason: string) =>
  refuse({
    code: 'object.key',
    kind: 'invalid',
    message: `the object key ${reason}`,
    hint: 'use 1 to 1024 bytes of UTF-8 without U+0000',
  });

export const versionNotFound = (bucket: string, key: string, versionId: string) =>
  refuse({
    code: 'version.not-found',
    kind: 'not-found',
    message: `bucket ${bucket} has no version ${versionId} of ${key}`,
    hint: 'list the versions of the key',
    resource: `object ${bucket}/${key}`,
  });

export const versionIsDeleteMarker = (bucket: string, key: string, versionId: string) =>
  refuse({
    code: 'version.delete-marker',
    kind: 'invalid',
    message: `version ${versionId} of ${key} in bucket ${bucket} is a delete marker`,
    hint: 'name a version that has bytes, or delete the marker',
    resource: `object ${bucket}/${key}`,
  });

export const versionMarker = (marker: string) =>
  refuse({
    code: 'version.marker',
    kind: 'invalid',
    message: `${marker} is no version to list after`,
    hint: 'use the marker that the page before gave',
  });

export const objectNotFound = (bucket: string, key: string) =>
  refuse({
    code: 'object.not-found',
    kind: 'not-found',
    message: `there is no object ${key} in bucket ${bucket}`,
    hint: 'check the key; list the bucket to see what it holds',
    resource: `object ${bucket}/${key}`,
  });

export const preconditionFailed = (bucket: string, key: string) =>
  refuse({
    code: 'object.precondition',
    kind: 'conflict',
    message: `object ${key} in bucket ${bucket} is not what the condition asks for`,
    hint: 'read the object again and decide with its current ETag',
    resource: `object ${bucket}/${key}`,
  });

export const metadataTooLarge = (bytes: number, limit: number) =>
  refuse({
    code: 'object.metadata-size',
    kind: 'invalid',
    message: `the metadata of the object takes ${bytes} bytes, more than ${limit}`,
    hint: 'store less in headers, for example in an object of its own',
  });

export const objectDamaged = (what: string, how = 'does not match its checksum') =>
  refuse({
    code: 'object.damaged',
    kind: 'internal',
    message: `${what} ${how}`,
    hint: 'the disk does not give back what was written: check it, and restore the object from a backup',
    retryable: false,
  });

export const rangeInvalid = (start: number, end: number, size: number) =>
  refuse({
    code: 'object.range',
    kind: 'invalid',
    message: `bytes ${start} to ${end} are outside of an object of ${size} bytes`,
    hint: 'ask for a range inside the object',
  });

export const uploadNotFound = (uploadId: string) =>
  refuse({
    code: 'upload.not-found',
    kind: 'not-found',
    message: `there is no upload ${uploadId}`,
    hint: 'it was completed or aborted; start a new one',
    resource: `upload ${uploadId}`,
  });

export const uploadPart = (partNumber: number, reason: string) =>
  refuse({
    code: 'upload.part',
    kind: 'invalid',
    message: `part ${partNumber} ${reason}`,
    hint: 'list the parts of the upload, and name those with their ETags',
  });

export const uploadPartOrder = () =>
  refuse({
    code: 'upload.part-order',
    kind: 'invalid',
    message: 'the parts are not in ascending order',
    hint: 'sort the parts by number, each once',
  });

export const uploadPartSize = (partNumber: number, minimum: number) =>
  refuse({
    code: 'upload.part-size',
    kind: 'invalid',
    message: `part ${partNumber} is smaller than ${minimum} bytes and not the last`,
    hint: 'upload larger parts',
  });

export const uploadEncryption = (cause: unknown) =>
  refuse({
    code: 'upload.encryption',
    kind: 'invalid',
    message: 'the encryption of the part is not that of its upload',
    hint: "give every part the customer's key that the upload was started with, or none where it had none",
    cause,
  });

export const storeInUse = (directory: string) =>
  refuse({
    code: 'store.in-use',
    kind: 'conflict',
    message: `another process has the object store in ${directory} open`,
    hint: 'stop the other process, or give this one a directory of its own',
    retryable: true,
  });

export const storeFormat = (directory: string, format: unknown) =>
  refuse({
    code: 'store.format',
    kind: 'invalid',
    message: `the object store in ${directory} has format ${String(format)}, which this version does not know`,
    hint: 'run the version of Holdfast that wrote it, or a newer one',
  });

export const storeMasterKey = (how: string, cause?: unknown) =>
  refuse({
    code: 'store.master-key',
    kind: 'invalid',
    message: `the object store is encrypted, and the master key ${how}`,
    hint: 'put back the keys/master.key that belongs to this data directory; nothing in the store was changed',
    cause,
  });

export const encryptionUnavailable = () =>
  refuse({
    code: 'encryption.unavailable',
    kind: 'not-implemented',
    message: 'this object store was opened without a master key and does not encrypt',
    hint: 'give the store a master key',
  });

export const customerKeyLength = (length: number, expected: number) =>
  refuse({
    code: 'encryption.key',
    kind: 'invalid',
    message: `the customer's key has ${length} bytes, not ${expected}`,
    hint: 'use a key for AES-256',
  });

export const customerKeyMissing = () =>
  refuse({
    code: 'encryption.key-missing',
    kind: 'invalid',
    message: "the object is encrypted with a customer's key, which must be given to read it",
    hint: 'give the key that the object was stored with',
  });

export const customerKeyNeedless = () =>
  refuse({
    code: 'encryption.key-needless',
    kind: 'invalid',
    message: "the object is not encrypted with a customer's key",
    hint: 'read it without one',
  });

export const customerKeyWrong = (key: string) =>
  refuse({
    code: 'encryption.key-wrong',
    kind: 'forbidden',
    message: `the customer's key is not the one that ${key} was stored with`,
    hint: 'give the key that the object was stored with; without it nobody can read the object',
  });

export const storeClosed = () =>
  refuse({
    code: 'store.closed',
    kind: 'unavailable',
    message: 'the object store is closed',
    hint: 'open it again',
  });

export const storeOptions = (message: string) =>
  refuse({
    code: 'store.options',
    kind: 'invalid',
    message,
    hint: 'use larger segments or a smaller inline limit',
  });

export const journalFailed = (cause: unknown) =>
  refuse({
    code: 'journal.failed',
    kind: 'unavailable',
    message: 'a write to the journal failed; the store takes no more writes until it is opened again',
    hint: 'check the disk and the system log, then restart the objects service',
    cause,
  });

export const journalCorrupt = (segment: string, offset: number) =>
  refuse({
    code: 'journal.corrupt',
    kind: 'internal',
    message: `journal segment ${segment} is damaged at byte ${offset}, and valid records follow`,
    hint: 'this is not a torn write but a damaged disk: keep the directory as it is and restore from a backup',
  });

export function isHoldfastCode(error: unknown, code: string): boolean {
  return error instanceof HoldfastError && error.code === code;
}
