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

/** Of a bucket's name where a path could be meant. */
export const SCHEME = 's3://';

/** `s3://bucket`, `s3://bucket/prefix`, or the path of a directory. @throws HoldfastError `usage` */
export function parseLocation(text: string): Location {
  if (!text.startsWith(SCHEME)) return { kind: 'directory', path: text };
  const { bucket, key } = parseObjectName(text);
  return { kind: 'bucket', bucket, prefix: asDirectory(key) };
}

/** `s3://bucket/key`; the key may be empty. @throws HoldfastError `usage` */
export function parseObjectName(text: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(text) ?? [];
  if (bucket === undefined) throw cliErrors.usage(`"${text}" names no bucket`, 'write s3://bucket/key');
  return { bucket, key };
}

/** `photos` and `photos/` are the same directory of keys. */
export function asDirectory(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}
