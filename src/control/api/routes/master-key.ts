import { createRoute } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { json, routeGroup } from '../route-group.ts';
import { masterKey, masterKeyRestored, masterKeyRotation } from '../schemas.ts';

const tags = ['platform'];

const show = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'Which master key seals all others',
  responses: { 200: json(masterKey, 'its id, and not the key') },
});

const restore = createRoute({
  method: 'post',
  path: '/restore',
  tags,
  summary: 'Write the file of the master key again where it is gone or damaged, from the memory of the platform',
  responses: { 200: json(masterKeyRestored, 'the key that is in the file') },
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
    .openapi(restore, async (c) => c.json(await platform.restoreMasterKey(), 200))
    .openapi(rotate, async (c) => c.json(await platform.rotateMasterKey(), 200));
