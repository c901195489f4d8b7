import { createRoute, z } from '@hono/zod-openapi';
import type { Platform, StorageView } from '../../platform.ts';
import { findStorage } from '../find-storage.ts';
import { flag, idParams, json, routeGroup } from '../route-group.ts';
import { storage } from '../schemas.ts';

/** What buckets, volumes and filesystems have in common. `id` in a path is the id or, where it is clear, the name. */
export function storageRoutes(platform: Platform, kind: StorageView['kind']) {
  const tags = [`${kind}s`];

  const list = createRoute({
    method: 'get',
    path: '/',
    tags,
    summary: `Every ${kind}, of one app when named`,
    request: { query: z.object({ app: z.string().optional() }) },
    responses: { 200: json(z.array(storage), `the ${kind}s`) },
  });

  const show = createRoute({
    method: 'get',
    path: '/{id}',
    tags,
    summary: `One ${kind}`,
    request: { params: idParams },
    responses: { 200: json(storage, `the ${kind}`) },
  });

  const destroy = createRoute({
    method: 'delete',
    path: '/{id}',
    tags,
    summary: `Destroy a ${kind}; it can be recovered for 24 hours unless now=true`,
    request: { params: idParams, query: z.object({ now: flag }) },
    responses: { 200: json(storage.nullable(), `the ${kind} that can be recovered, null when it is gone`) },
  });

  const recover = createRoute({
    method: 'post',
    path: '/{id}/recover',
    tags,
    summary: `Take back the destruction of a ${kind}`,
    request: { params: idParams },
    responses: { 200: json(storage, `the ${kind}`) },
  });

  return routeGroup()
    .openapi(list, async (c) => c.json([...(await platform.storage({ kind, ...c.req.valid('query') }))], 200))
    .openapi(show, async (c) => c.json(await findStorage(platform, { kind, ...c.req.valid('param') }), 200))
    .openapi(destroy, async (c) => {
      const now = c.req.valid('query').now === 'true';
      return c.json(await platform.destroyStorage({ kind, ...c.req.valid('param'), now }), 200);
    })
    .openapi(recover, async (c) => c.json(await platform.recoverStorage({ kind, ...c.req.valid('param') }), 200));
}
