type Headers = Readonly<Record<string, string | number>>;

const WRITTEN = [
  'Accept-Ranges',
  'Access-Control-Allow-Credentials',
  'Access-Control-Allow-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
  'Access-Control-Max-Age',
  'Allow',
  'Cache-Control',
  'Connection',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Language',
  'Content-Length',
  'Content-Range',
  'Content-Type',
  'ETag',
  'Expires',
  'Last-Modified',
  'Location',
  'Server',
  'Vary',
];

const WRITTEN_AS = new Map(WRITTEN.map((name) => [name.toLowerCase(), name]));

/**
 * Names and values in turn, the names as S3 writes them; those of `x-amz-` are lower-case there too. Case means nothing
 * (RFC 9110 section 5.1), but htslib looks for `ETag: "` and GDAL shows what was sent.
 */
export function asS3Writes(headers: Headers): (string | number)[] {
  const written: (string | number)[] = [];
  for (const [name, value] of Object.entries(headers)) written.push(WRITTEN_AS.get(name) ?? name, value);
  return written;
}
