import { createRoute, z } from '@hono/zod-openapi';
import { parseAppFile } from '../../../spec/app-file.ts';
import { json, jsonBody, routeGroup } from '../route-group.ts';
import { appFile } from '../schemas.ts';

const validate = createRoute({
  method: 'post',
  path: '/validate',
  tags: ['deployments'],
  summary: 'Check an app file without deploying it',
  request: { body: jsonBody(appFile) },
  responses: {
    200: json(
      z.object({ app: z.string(), services: z.array(z.string()), notices: z.array(z.string()) }),
      'it is valid',
    ),
  },
});

export const appFileRoutes = () =>
  routeGroup().openapi(validate, async (c) => {
    const { spec, notices } = parseAppFile(c.req.valid('json'));
    return c.json({ app: spec.app, services: Object.keys(spec.services), notices: [...notices] }, 200);
  });
