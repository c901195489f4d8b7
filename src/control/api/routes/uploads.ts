import { createRoute, z } from '@hono/zod-openapi';
import { apiErrors } from '../errors.ts';
import { json, routeGroup } from '../route-group.ts';
import { upload } from '../schemas.ts';
import type { UploadStore } from '../uploads.ts';

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['deployments'],
  summary: 'Send a source archive (tar, gzip) for one deployment within a day',
  request: {
    headers: z.object({
      'content-digest': z.string().optional().openapi({ description: 'RFC 9530; sha-256 is checked when given' }),
    }),
    body: {
      required: true,
      content: { 'application/gzip': { schema: z.string().openapi({ type: 'string', format: 'binary' }) } },
    },
  },
  responses: { 201: json(upload, 'it is on the disk') },
});

export const uploadRoutes = (uploads: UploadStore) =>
  routeGroup().openapi(create, async (c) => {
    const body = c.req.raw.body;
    if (body === null) throw apiErrors.requestInvalid('the request has no body');
    return c.json(await uploads.receive(body, { sha256: sha256Of(c.req.header('content-digest')) }), 201);
  });

/** `sha-256=:…:` of a Content-Digest, as hexadecimal (RFC 9530, section 2). */
function sha256Of(header: string | undefined): string | undefined {
  const base64 = /(?:^|,\s*)sha-256=:([A-Za-z0-9+/=]+):/.exec(header ?? '')?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}
