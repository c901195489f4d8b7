export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  /** Absent: the current object. */
  readonly versionId: string | undefined;
}

/** `x-amz-copy-source: [/]bucket/key[?versionId=…]`, percent-encoded; `undefined` when it is not one. */
export function parseCopySource(header: string): CopySource | undefined {
  const [path = '', versionId] = header.split('?versionId=');
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decode(path) ?? '') ?? [];
  return bucket && key && versionId !== '' ? { bucket, key, versionId } : undefined;
}

/**
 * Header values come as latin-1; a key that was not percent-encoded is UTF-8 in it. A plus is a space, as for S3: what
 * encodes forms (`URLEncoder` in Java, `QueryEscape` in Go, `urlencode` in PHP) writes it so.
 */
function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(Buffer.from(path, 'latin1').toString('utf8').replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
