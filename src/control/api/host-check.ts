import type { MiddlewareHandler } from 'hono';
import { apiErrors } from './errors.ts';

/**
 * Refuses requests whose Host is neither a loopback name nor configured: a page
 * on a name that its owner points at 127.0.0.1 (DNS rebinding) is of the same
 * origin as this API for a browser, but cannot choose another Host.
 */
export function hostCheck(allowedHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = hostName(c.req.header('host') ?? '');
    if (!isLoopback(host) && !allowed.has(host)) throw apiErrors.hostNotAllowed(host);
    await next();
  };
}

/** Host of a Host header without its port (RFC 9110, section 7.2), lower case; `[::1]` keeps its brackets. */
function hostName(header: string): string {
  return header.toLowerCase().replace(/:\d*$/, '');
}

/** `*.localhost` always means loopback (RFC 6761, section 6.3). */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
