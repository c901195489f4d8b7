import { HoldfastError } from '../../../core/errors.ts';

/** What the store refuses of snapshots and moments. Codes are stable. */
export const snapshotErrors = {
  notFound: (bucket: string, snapshot: string) =>
    new HoldfastError({
      code: 'snapshot.not-found',
      kind: 'not-found',
      message: `bucket ${bucket} has no snapshot ${snapshot}`,
      hint: '`holdfast object-store snapshots list <bucket>` lists those there are',
      resource: `bucket ${bucket}`,
    }),
  gone: (bucket: string) =>
    new HoldfastError({
      code: 'snapshot.gone',
      kind: 'not-found',
      message: `a snapshot or fork of bucket ${bucket} was deleted, by which the pages before showed what is gone since`,
      hint: 'begin the listing anew',
      resource: `bucket ${bucket}`,
    }),
  invalidName: (name: string) =>
    new HoldfastError({
      code: 'snapshot.name',
      kind: 'invalid',
      message: `"${name}" is not a snapshot name: up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit`,
      hint: 'choose such a name',
    }),
  exists: (bucket: string, name: string) =>
    new HoldfastError({
      code: 'snapshot.exists',
      kind: 'conflict',
      message: `bucket ${bucket} has a snapshot ${name} already`,
      hint: 'choose another name, or delete that snapshot first',
      resource: `bucket ${bucket}`,
    }),
  limit: (bucket: string, limit: number) =>
    new HoldfastError({
      code: 'snapshot.limit',
      kind: 'conflict',
      message: `bucket ${bucket} has ${limit} snapshots, as many as it may`,
      hint: 'delete some of them first',
      resource: `bucket ${bucket}`,
    }),
  ambiguousMoment: () =>
    new HoldfastError({
      code: 'snapshot.moment',
      kind: 'invalid',
      message: 'the request names a snapshot and a time',
      hint: 'name one of them',
    }),
};
