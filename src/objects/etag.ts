/** Without quotes, as the store and policies know it (RFC 9110 section 8.8.3). */
export function unquote(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}
