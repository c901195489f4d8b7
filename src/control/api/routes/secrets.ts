import { createRoute, z } from '@hono/zod-openapi';
import { variableName } from '../../../spec/schema/fields.ts';
import type { Platform } from '../../platform.ts';
import { appParams, json, jsonBody, noContent, routeGroup } from '../route-group.ts';
import { secret } from '../schemas.ts';

const tags = ['secrets'];

const list = createRoute({
  method: 'get',
  path: '/{app}/secrets',
  tags,
  summary: 'Names and versions of the secrets of an app; never their values',
  request: { params: appParams },
  responses: { 200: json(z.array(secret), 'the secrets') },
});

const set = createRoute({
  method: 'put',
  path: '/{app}/secrets',
  tags,
  summary: 'Set secrets; those not named stay',
  request: {
    params: appParams,
    body: jsonBody(z.object({ values: z.record(variableName(), z.string().max(64 * 1024)) })),
  },
  responses: { 204: noContent('they are set, for instances that start from now on') },
});

const unset = createRoute({
  method: 'delete',
  path: '/{app}/secrets',
  tags,
  summary: 'Remove secrets',
  request: {
    params: appParams,
    query: z.object({ name: z.union([variableName(), z.array(variableName()).max(100)]) }),
  },
  responses: { 204: noContent('they are gone') },
});

export const secretRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(list, async (c) => c.json([...(await platform.secrets(c.req.valid('param').app))], 200))
    .openapi(set, async (c) => {
      await platform.setSecrets({ ...c.req.valid('param'), ...c.req.valid('json') });
      return c.body(null, 204);
    })
    .openapi(unset, async (c) => {
      await platform.unsetSecrets({ ...c.req.valid('param'), names: [c.req.valid('query').name].flat() });
      return c.body(null, 204);
    });
