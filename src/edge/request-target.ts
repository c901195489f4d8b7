/** Where a request wants to go: RFC 9112 section 3.2. */
export interface RequestTarget {
  /** The authority as the client wrote it, port included. */
  readonly authority: string;
  /** What the backend gets: origin-form, or `*`. */
  readonly path: string;
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Host of a request, from its absolute-form target when it has one (it then
 * overrides Host, RFC 9112 section 3.2.2), else from Host.
 * @returns the reason when the request must be refused with 400
 */
export function parseRequestTarget(url: string, rawHeaders: readonly string[]): RequestTarget | string {
  let host: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return 'the request has more than one Host header';
    host = rawHeaders[i + 1] as string;
  }
  if (url.startsWith('/') || url === '*') {
    return host === undefined ? 'the request has no Host header' : { authority: host, path: url };
  }
  const [, authority, rest] = ABSOLUTE_FORM.exec(url) ?? [];
  if (!authority) return 'the request target is not a path';
  return { authority, path: rest?.startsWith('/') ? rest : `/${rest ?? ''}` };
}

/** `Web.Example.com:7380` and `web.example.com.` to `web.example.com`; `[::1]:80` to `[::1]`. */
export function hostName(authority: string): string {
  const lower = authority.toLowerCase();
  const colon = lower.indexOf(':', lower.startsWith('[') ? lower.indexOf(']') : 0);
  const name = colon === -1 ? lower : lower.slice(0, colon);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
