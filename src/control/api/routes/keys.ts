import { createRoute, z } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { idParams, json, jsonBody, noContent, routeGroup } from '../route-group.ts';
import { key, newKey } from '../schemas.ts';

const tags = ['keys'];

/** Ten years. */
const MAX_SECONDS = 10 * 365 * 24 * 3600;
const seconds = z.int().max(MAX_SECONDS);

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'Every access key of the object store, without its secret',
  responses: { 200: json(z.array(key), 'the keys, the expired ones of the last week among them') },
});

const grants = z.array(
  z.object({
    bucket: z.string().max(255),
    prefix: z.string().max(1024).optional().openapi({ description: 'only keys that begin so', example: 'uploads/' }),
    access: z.enum(['read', 'write', 'read-write']),
  }),
);

const create = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Create an access key; its secret is in this answer and in no other',
  request: {
    body: jsonBody(
      z.object({
        grants: z.union([z.literal('*'), grants.min(1).max(100)]).openapi({ description: '*: everything' }),
        description: z.string().max(255).optional(),
        expiresInSeconds: seconds.min(1).optional(),
      }),
    ),
  },
  responses: { 201: json(newKey, 'the key with its secret') },
});

const rotate = createRoute({
  method: 'post',
  path: '/{id}/rotate',
  tags,
  summary: 'Give the owner of a key another one; services get it at their next deployment',
  request: {
    params: idParams,
    body: jsonBody(
      z.object({
        graceSeconds: seconds.min(0).optional().openapi({ description: 'how long the old one goes on; a day' }),
      }),
    ),
  },
  responses: { 201: json(newKey, 'the new key with its secret') },
});

const revoke = createRoute({
  method: 'delete',
  path: '/{id}',
  tags,
  summary: 'Revoke a key at once, with the URLs that were signed with it',
  request: { params: idParams },
  responses: { 204: noContent('it is refused from now on') },
});

export const keyRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(list, async (c) => c.json([...(await platform.keys())], 200))
    .openapi(create, async (c) => c.json(await platform.createKey(c.req.valid('json')), 201))
    .openapi(rotate, async (c) => {
      const input = { ...c.req.valid('param'), ...c.req.valid('json') };
      return c.json(await platform.rotateKey(input), 201);
    })
    .openapi(revoke, async (c) => {
      await platform.revokeKey(c.req.valid('param').id);
      return c.body(null, 204);
    });
