import type { MiddlewareHandler } from 'hono';
import { apiErrors } from './errors.ts';

/** Resolves to whom the token belongs, `undefined` when it is not one of ours. Compares in constant time. */
export type VerifyToken = (token: string) => Promise<{ readonly name: string } | undefined>;

/** Bearer tokens (RFC 6750, section 2.1). */
export function authentication(verifyToken: VerifyToken): MiddlewareHandler {
  return async (c, next) => {
    const header = c.req.header('authorization');
    if (header === undefined) throw apiErrors.unauthenticated('this request carries no token');
    const token = /^Bearer +([\w\-.~+/]+=*)$/i.exec(header)?.[1];
    if (token === undefined || !(await verifyToken(token))) throw apiErrors.unauthenticated('the token is not valid');
    await next();
  };
}
