import { createRoute, z } from '@hono/zod-openapi';
import type { Platform } from '../../platform.ts';
import { idParams, json, jsonBody, routeGroup } from '../route-group.ts';
import { appName, snapshot, storage, storageName } from '../schemas.ts';

const tags = ['volumes'];
const sizeBytes = z.int().positive();

const create = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Create a volume',
  request: {
    body: jsonBody(
      z.object({
        name: storageName,
        app: appName.optional(),
        region: z.string().max(63).optional(),
        sizeBytes,
        fromSnapshot: z.string().max(255).optional(),
      }),
    ),
  },
  responses: { 201: json(storage, 'the volume') },
});

const extend = createRoute({
  method: 'post',
  path: '/{id}/extend',
  tags,
  summary: 'Make a volume larger',
  request: { params: idParams, body: jsonBody(z.object({ sizeBytes })) },
  responses: { 200: json(storage, 'the volume') },
});

const listSnapshots = createRoute({
  method: 'get',
  path: '/{id}/snapshots',
  tags,
  summary: 'Snapshots of a volume',
  request: { params: idParams },
  responses: { 200: json(z.array(snapshot), 'the snapshots') },
});

const createSnapshot = createRoute({
  method: 'post',
  path: '/{id}/snapshots',
  tags,
  summary: 'Take a snapshot of a volume',
  request: { params: idParams },
  responses: { 201: json(snapshot, 'the snapshot') },
});

export const volumeRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(create, async (c) => c.json(await platform.createVolume(c.req.valid('json')), 201))
    .openapi(extend, async (c) =>
      c.json(await platform.extendVolume({ ...c.req.valid('param'), ...c.req.valid('json') }), 200),
    )
    .openapi(listSnapshots, async (c) => c.json([...(await platform.snapshots(c.req.valid('param').id))], 200))
    .openapi(createSnapshot, async (c) => c.json(await platform.createSnapshot(c.req.valid('param').id), 201));
