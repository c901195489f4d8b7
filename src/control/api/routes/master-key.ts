import { createRoute } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { json, routeGroup } from '../route-group.ts';
import { masterKey, masterKeyRotation } from '../schemas.ts';

const tags = ['platform'];

const show = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'Which master key seals all others',
  responses: { 200: json(masterKey, 'its id, and not the key') },
});

const rotate = createRoute({
  method: 'post',
  path: '/rotate',
  tags,
  summary: 'Put a new master key in the place of the present one, without rewriting what is encrypted',
  responses: { 200: json(masterKeyRotation, 'the new one, which has sealed everything') },
});

export const masterKeyRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(show, async (c) => c.json(await platform.masterKey(), 200))
    .openapi(rotate, async (c) => c.json(await platform.rotateMasterKey(), 200));
