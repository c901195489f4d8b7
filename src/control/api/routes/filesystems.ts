import { createRoute, z } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { json, jsonBody, routeGroup } from '../route-group.ts';
import { appName, storage, storageName } from '../schemas.ts';

const create = createRoute({
  method: 'post',
  path: '/',
  tags: ['filesystems'],
  summary: 'Create a filesystem',
  request: { body: jsonBody(z.object({ name: storageName, app: appName.optional() })) },
  responses: { 201: json(storage, 'the filesystem') },
});

export const filesystemRoutes = (platform: Platform) =>
  routeGroup().openapi(create, async (c) => c.json(await platform.createFilesystem(c.req.valid('json')), 201));
