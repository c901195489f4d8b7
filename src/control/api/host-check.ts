import { isIP } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { apiErrors } from './errors.ts';

/**
 * Refuses requests whose Host is a name that is neither of loopback nor configured:
 * a page on a name that its owner points at this machine (DNS rebinding) is of the
 * same origin as this API for a browser, but it cannot choose another Host. An
 * address as Host is no name, so nobody else can have pointed it here.
 */
export function hostCheck(allowedHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = hostName(c.req.header('host') ?? '');
    if (!isLoopbackName(host) && isIP(host) === 0 && !allowed.has(host)) throw apiErrors.hostNotAllowed(host);
    await next();
  };
}

/** Host of a Host header, without port and brackets, lower case (RFC 9110, section 7.2). */
function hostName(header: string): string {
  const host = header.toLowerCase().replace(/:\d*$/, '');
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** `*.localhost` always means loopback (RFC 6761, section 6.3). */
function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
