import { cliErrors } from '../errors.ts';

/** One side of a transfer. */
export type Location =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'bucket';
      readonly bucket: string;
      /** Empty, or ends in `/`. */
      readonly prefix: string;
    };

export type BucketLocation = Extract<Location, { kind: 'bucket' }>;

const SCHEME = 's3://';

/** `s3://bucket`, `s3://bucket/prefix`, or the path of a directory. @throws HoldfastError `usage` */
export function parseLocation(text: string): Location {
  if (!text.startsWith(SCHEME)) return { kind: 'directory', path: text };
  const [, bucket = '', prefix = ''] = /^([^/]*)\/?(.*)$/s.exec(text.slice(SCHEME.length)) ?? [];
  if (bucket === '') throw cliErrors.usage(`"${text}" names no bucket`, 'write s3://bucket or s3://bucket/prefix');
  return { kind: 'bucket', bucket, prefix: asDirectory(prefix) };
}

/** `photos` and `photos/` are the same directory of keys. */
export function asDirectory(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** Whether one holds the other: a sync between them would find its own copies. */
export function overlap(a: BucketLocation, b: BucketLocation): boolean {
  return a.bucket === b.bucket && (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix));
}
