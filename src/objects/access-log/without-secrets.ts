/** Signatures, tokens, and the keys of customers, which a presigned URL may carry as parameters. */
const SECRET = /^(?:x-amz-)?signature$|^x-amz-security-token$|-customer-key(?:-md5)?$/;
const REDACTED = 'REDACTED';

/** A URL, or its path and query, with the values of secret parameters replaced: whoever reads a log could use them. */
export function withoutSecrets(url: string): string {
  const mark = url.indexOf('?');
  if (mark < 0) return url;
  const pairs = url.slice(mark + 1).split('&');
  return `${url.slice(0, mark + 1)}${pairs.map(redacted).join('&')}`;
}

function redacted(pair: string): string {
  const [name = ''] = pair.split('=', 1);
  return SECRET.test(decoded(name).trim().toLowerCase()) ? `${name}=${REDACTED}` : pair;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
