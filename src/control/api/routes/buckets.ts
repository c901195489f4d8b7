import { createRoute, z } from '@hono/zod-openapi';
import { domainName, MAX_DOMAINS } from '../../../spec/schema/fields.ts';
import type { Platform } from '../../platform.ts';
import { idParams, json, jsonBody, routeGroup } from '../route-group.ts';
import { appName, bucketCredentials, storage } from '../schemas.ts';

const tags = ['buckets'];

const quota = z.int().min(1);

const create = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Create a bucket',
  request: {
    body: jsonBody(
      z.object({
        name: z.string().max(255),
        app: appName.optional(),
        accessibility: z.enum(['private', 'public']).optional(),
        versioning: z.boolean().optional(),
        objectLock: z.boolean().optional(),
        quota: quota.optional(),
        website: z.boolean().optional(),
        domains: z.array(domainName()).max(MAX_DOMAINS).optional(),
        from: z.object({ bucket: z.string().max(255), snapshot: z.string().max(255).optional() }).optional(),
      }),
    ),
  },
  responses: { 201: json(storage, 'the bucket') },
});

const update = createRoute({
  method: 'patch',
  path: '/{id}',
  tags,
  summary: 'Change settings of a bucket that no app file has; what is left out stays',
  request: {
    params: idParams,
    body: jsonBody(
      z.object({
        accessibility: z.enum(['private', 'public']).optional(),
        quota: quota.nullable().optional(),
        domains: z.array(domainName()).max(MAX_DOMAINS).optional(),
      }),
    ),
  },
  responses: { 200: json(storage, 'the bucket') },
});

const credentials = createRoute({
  method: 'get',
  path: '/{id}/credentials',
  tags,
  summary: "An operator's S3 credentials for one bucket, or for copies from another one to it",
  request: { params: idParams, query: z.object({ from: z.string().max(255).optional() }) },
  responses: { 200: json(bucketCredentials, 'the credentials') },
});

export const bucketRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(create, async (c) => c.json(await platform.createBucket(c.req.valid('json')), 201))
    .openapi(update, async (c) =>
      c.json(await platform.updateBucket({ ...c.req.valid('param'), ...c.req.valid('json') }), 200),
    )
    .openapi(credentials, async (c) => {
      const { id } = c.req.valid('param');
      const { from } = c.req.valid('query');
      return c.json(await platform.bucketCredentials(id, { from }), 200);
    });
