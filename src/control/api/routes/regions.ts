import { createRoute, z } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { json, routeGroup } from '../route-group.ts';
import { region } from '../schemas.ts';

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['regions'],
  summary: 'The regions and their hosts',
  responses: { 200: json(z.array(region), 'the regions') },
});

export const regionRoutes = (platform: Platform) =>
  routeGroup().openapi(list, async (c) => c.json([...(await platform.regions())], 200));
