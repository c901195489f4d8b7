/** An ETag as S3 writes it: in quotes. */
export function unquote(etag: string | undefined): string {
  return (etag ?? '').replace(/^(?:W\/)?"|"$/g, '');
}
