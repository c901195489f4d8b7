import { HoldfastError } from '../../../core/errors.ts';

/** What the store refuses of objects and their versions. Codes are stable. */
export const objectErrors = {
  invalidKey: (reason: string) =>
    new HoldfastError({
      code: 'object.key',
      kind: 'invalid',
      message: `the object key ${reason}`,
      hint: 'use 1 to 1024 bytes of UTF-8 without U+0000',
    }),
  notFound: (bucket: string, key: string) =>
    new HoldfastError({
      code: 'object.not-found',
      kind: 'not-found',
      message: `there is no object ${key} in bucket ${bucket}`,
      hint: 'check the key; list the bucket to see what it holds',
      resource: `object ${bucket}/${key}`,
    }),
  versionNotFound: (bucket: string, key: string, versionId: string) =>
    new HoldfastError({
      code: 'version.not-found',
      kind: 'not-found',
      message: `bucket ${bucket} has no version ${versionId} of ${key}`,
      hint: 'list the versions of the key',
      resource: `object ${bucket}/${key}`,
    }),
  versionIsDeleteMarker: (bucket: string, key: string, versionId: string) =>
    new HoldfastError({
      code: 'version.delete-marker',
      kind: 'invalid',
      message: `version ${versionId} of ${key} in bucket ${bucket} is a delete marker`,
      hint: 'name a version that has bytes, or delete the marker',
      resource: `object ${bucket}/${key}`,
    }),
  invalidMarker: (marker: string) =>
    new HoldfastError({
      code: 'version.marker',
      kind: 'invalid',
      message: `${marker} is no version to list after`,
      hint: 'use the marker that the page before gave',
    }),
  preconditionFailed: (bucket: string, key: string) =>
    new HoldfastError({
      code: 'object.precondition',
      kind: 'conflict',
      message: `object ${key} in bucket ${bucket} is not what the condition asks for`,
      hint: 'read the object again and decide with its current ETag',
      resource: `object ${bucket}/${key}`,
    }),
  otherDigest: () =>
    new HoldfastError({
      code: 'object.digest',
      kind: 'invalid',
      message: 'the MD5 of the body is not the one that was given with it',
      hint: 'send it again: it was damaged on its way, or the MD5 is of something else',
    }),
  metadataTooLarge: (bytes: number, limit: number) =>
    new HoldfastError({
      code: 'object.metadata-size',
      kind: 'invalid',
      message: `the metadata of the object takes ${bytes} bytes, more than ${limit}`,
      hint: 'store less in headers, for example in an object of its own',
    }),
  invalidRange: (start: number, end: number, size: number) =>
    new HoldfastError({
      code: 'object.range',
      kind: 'invalid',
      message: `bytes ${start} to ${end} are outside of an object of ${size} bytes`,
      hint: 'ask for a range inside the object',
    }),
  locked: (bucket: string, key: string) =>
    new HoldfastError({
      code: 'object.locked',
      kind: 'forbidden',
      message: `Access Denied because object protected by object lock: ${key} in bucket ${bucket}`,
      hint: 'wait until its retention has ended, take back its legal hold, or bypass governance where that is the mode',
      resource: `object ${bucket}/${key}`,
    }),
  lockUnavailable: (bucket: string) =>
    new HoldfastError({
      code: 'object.lock-unavailable',
      kind: 'invalid',
      message: 'Bucket is missing Object Lock Configuration',
      hint: 'turn on object lock for the bucket first',
      resource: `bucket ${bucket}`,
    }),
  damaged: (what: string, how = 'does not match its checksum') =>
    new HoldfastError({
      code: 'object.damaged',
      kind: 'internal',
      message: `${what} ${how}`,
      hint: 'the disk does not give back what was written: check it, and restore the object from a backup',
      retryable: false,
    }),
};
