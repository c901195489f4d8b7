export interface PictureFormat {
  readonly type: string;
  readonly extension: string;
}

/** As many bytes as `pictureFormat` looks at. */
export const FORMAT_BYTES = 12;

/**
 * By the first bytes, whatever the client says. Only formats that a browser shows as a
 * picture and nothing else: an SVG or HTML "picture" would run its scripts on our origin.
 */
export function pictureFormat(start: Buffer): PictureFormat | undefined {
  const ascii = start.toString('latin1');
  if (ascii.startsWith('\xff\xd8\xff')) return { type: 'image/jpeg', extension: 'jpg' };
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return { type: 'image/png', extension: 'png' };
  if (/^GIF8[79]a/.test(ascii)) return { type: 'image/gif', extension: 'gif' };
  if (/^RIFF.{4}WEBP/s.test(ascii)) return { type: 'image/webp', extension: 'webp' };
  if (/^.{4}ftypavi[fs]/s.test(ascii)) return { type: 'image/avif', extension: 'avif' };
  return undefined;
}
