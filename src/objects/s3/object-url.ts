/** Where an object is, as the client reached the store. */
export function objectUrl(
  headers: ReadonlyMap<string, string>,
  { bucket, key }: { readonly bucket: string; readonly key: string },
): string {
  return `http://${headers.get('host') ?? ''}/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`;
}
