import { createRoute } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { json, noContent, routeGroup } from '../route-group.ts';
import { scrub } from '../schemas.ts';

const tags = ['platform'];

const show = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'What the check of every stored object has found',
  responses: { 200: json(scrub, 'the last pass, and the one under way') },
});

const begin = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Check every stored object now, unless a check is under way',
  responses: { 204: noContent('it has begun') },
});

export const scrubRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(show, async (c) => c.json(await platform.scrubReport(), 200))
    .openapi(begin, async (c) => {
      await platform.beginScrub();
      return c.body(null, 204);
    });
