import { createRoute, z } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { appParams, json, jsonBody, noContent, routeGroup } from '../route-group.ts';
import { app, deployment, release } from '../schemas.ts';

const tags = ['apps'];

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'Every app',
  responses: { 200: json(z.array(app), 'the apps') },
});

const show = createRoute({
  method: 'get',
  path: '/{app}',
  tags,
  summary: 'One app: its services, instances and storage',
  request: { params: appParams },
  responses: { 200: json(app, 'the app') },
});

const destroy = createRoute({
  method: 'delete',
  path: '/{app}',
  tags,
  summary: 'Stop and forget the services of an app; its storage is kept, detached',
  request: { params: appParams },
  responses: { 204: noContent('the services are gone') },
});

const releases = createRoute({
  method: 'get',
  path: '/{app}/releases',
  tags,
  summary: 'The releases of an app and how each fared',
  request: { params: appParams },
  responses: { 200: json(z.array(release), 'the releases') },
});

const rollback = createRoute({
  method: 'post',
  path: '/{app}/rollback',
  tags,
  summary: 'Deploy a kept release again, without its source',
  request: { params: appParams, body: jsonBody(z.object({ release: z.int().positive() })) },
  responses: { 202: json(deployment, 'the deployment has begun') },
});

const scale = createRoute({
  method: 'put',
  path: '/{app}/services/{service}/scale',
  tags,
  summary: 'Set the number of instances of a service',
  request: {
    params: appParams.extend({ service: z.string().max(63) }),
    body: jsonBody(z.object({ count: z.int().min(0).max(1000) })),
  },
  responses: { 200: json(app, 'the app, on its way there') },
});

export const appRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(list, async (c) => c.json([...(await platform.apps())], 200))
    .openapi(show, async (c) => c.json(await platform.app(c.req.valid('param').app), 200))
    .openapi(destroy, async (c) => {
      await platform.destroyApp(c.req.valid('param').app);
      return c.body(null, 204);
    })
    .openapi(releases, async (c) => c.json([...(await platform.releases(c.req.valid('param').app))], 200))
    .openapi(rollback, async (c) =>
      c.json(await platform.rollback({ ...c.req.valid('param'), ...c.req.valid('json') }), 202),
    )
    .openapi(scale, async (c) =>
      c.json(await platform.scale({ ...c.req.valid('param'), ...c.req.valid('json') }), 200),
    );
