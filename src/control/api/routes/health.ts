import { createRoute, z } from '@hono/zod-openapi';
import { json, routeGroup } from '../route-group.ts';

const show = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['platform'],
  summary: 'Whether the API answers; needs no token',
  security: [],
  responses: { 200: json(z.object({ status: z.literal('ok'), version: z.string() }), 'it does') },
});

export const healthRoutes = (version: string) =>
  routeGroup().openapi(show, (c) => c.json({ status: 'ok' as const, version }, 200));
