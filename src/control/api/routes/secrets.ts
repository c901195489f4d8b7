import { createRoute, z } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { appParams, json, jsonBody, noContent, routeGroup } from '../route-group.ts';
import { secret } from '../schemas.ts';

const tags = ['secrets'];

/** Names that an environment variable can have (POSIX.1-2024, 8.1). */
const secretName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name is letters, digits and _, and does not begin with a digit');

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
    body: jsonBody(z.object({ values: z.record(secretName, z.string().max(64 * 1024)) })),
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
    query: z.object({ name: z.union([secretName, z.array(secretName).max(100)]) }),
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
