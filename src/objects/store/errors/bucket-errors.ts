import { HoldfastError } from '../../../core/errors.ts';

/** What the store refuses of buckets. Codes are stable. */
export const bucketErrors = {
  invalidName: (name: string) =>
    new HoldfastError({
      code: 'bucket.name',
      kind: 'invalid',
      message: `"${name}" is not a bucket name`,
      hint: 'use 3 to 63 lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit',
    }),
  exists: (name: string) =>
    new HoldfastError({
      code: 'bucket.exists',
      kind: 'conflict',
      message: `bucket ${name} exists already`,
      hint: 'use it as it is, or choose another name',
      resource: `bucket ${name}`,
    }),
  notFound: (name: string) =>
    new HoldfastError({
      code: 'bucket.not-found',
      kind: 'not-found',
      message: `there is no bucket ${name}`,
      hint: 'create the bucket first, or check its name',
      resource: `bucket ${name}`,
    }),
  notEmpty: (name: string) =>
    new HoldfastError({
      code: 'bucket.not-empty',
      kind: 'conflict',
      message: `bucket ${name} still holds objects`,
      hint: 'delete its objects first, or ask for them to be deleted with it',
      resource: `bucket ${name}`,
    }),
  hasForks: (name: string) =>
    new HoldfastError({
      code: 'bucket.has-forks',
      kind: 'conflict',
      message: `bucket ${name} has forks, which show what it holds`,
      hint: 'delete its forks first',
      resource: `bucket ${name}`,
    }),
  hasSnapshots: (name: string) =>
    new HoldfastError({
      code: 'bucket.has-snapshots',
      kind: 'conflict',
      message: `bucket ${name} has snapshots`,
      hint: 'delete its snapshots first, or ask for them to be deleted with it',
      resource: `bucket ${name}`,
    }),
  documentsTooLarge: (bytes: number, limit: number) =>
    new HoldfastError({
      code: 'bucket.documents-size',
      kind: 'invalid',
      message: `the configuration of the bucket takes ${bytes} bytes, more than ${limit}`,
      hint: 'shorten its policy, its CORS rules or what else is set on it',
    }),
  invalidQuota: (limit: number) =>
    new HoldfastError({
      code: 'bucket.quota',
      kind: 'invalid',
      message: `${limit} is no limit for a bucket`,
      hint: 'use a whole number of bytes or objects, 0 or more',
    }),
  quotaExceeded: (name: string) =>
    new HoldfastError({
      code: 'bucket.quota-exceeded',
      kind: 'exhausted',
      message: `bucket ${name} would hold more than its quota`,
      hint: 'delete objects or old versions, or raise the quota',
      resource: `bucket ${name}`,
    }),
  versioningStays: (name: string) =>
    new HoldfastError({
      code: 'bucket.versioning-stays',
      kind: 'conflict',
      message: `bucket ${name} has versions; versioning cannot be taken back`,
      hint: 'suspend versioning, or copy the objects to a bucket without it',
      resource: `bucket ${name}`,
    }),
  lockStays: (name: string) =>
    new HoldfastError({
      code: 'bucket.lock-stays',
      kind: 'conflict',
      message: `bucket ${name} has object lock; its versioning cannot be suspended`,
      hint: 'copy the objects to a bucket without object lock',
      resource: `bucket ${name}`,
    }),
  lockNeedsVersioning: (name: string) =>
    new HoldfastError({
      code: 'bucket.lock-versioning',
      kind: 'conflict',
      message: `bucket ${name} has no versioning, which object lock needs`,
      hint: 'enable versioning first',
      resource: `bucket ${name}`,
    }),
  keyLost: (name: string) =>
    new HoldfastError({
      code: 'bucket.key-lost',
      kind: 'conflict',
      message: `the key of bucket ${name} is lost: what is encrypted with it cannot be read, and is neither overwritten nor removed`,
      hint: 'where an earlier master key has sealed it, add your copy of that one to the file of the master key as a second line, and start again; else restore a backup, or destroy the bucket',
      resource: `bucket ${name}`,
    }),
  locked: (name: string) =>
    new HoldfastError({
      code: 'bucket.locked',
      kind: 'conflict',
      message: `bucket ${name} holds versions that are locked`,
      hint: 'wait until their retention has ended and take back legal holds; see GetObjectRetention and GetObjectLegalHold',
      resource: `bucket ${name}`,
    }),
};
