import { createHash } from 'node:crypto';

/** S3's ETag of a multipart object: the MD5 of the parts' MD5s, and how many there are. */
export function multipartEtag(parts: readonly { readonly etag: string }[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}
