import { rm } from 'node:fs/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { parseAppFile } from '../../../spec/app-file.ts';
import type { Platform } from '../../platform.ts';
import { idParams, json, jsonBody, routeGroup } from '../route-group.ts';
import { appFile, appName, deployment } from '../schemas.ts';
import type { UploadStore } from '../uploads.ts';

const tags = ['deployments'];

const create = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Deploy an uploaded source archive as its app file says',
  request: {
    body: jsonBody(
      z.object({
        file: appFile,
        upload: z.string(),
        app: appName.optional().openapi({ description: 'deploy as this app instead of the one that the file names' }),
      }),
    ),
  },
  responses: { 202: json(deployment, 'the deployment has begun') },
});

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags,
  summary: 'How a deployment goes',
  request: { params: idParams },
  responses: { 200: json(deployment, 'the deployment') },
});

const buildLog = createRoute({
  method: 'get',
  path: '/{id}/build-log',
  tags,
  summary: 'Output of the build from a character on; ask again from `next`',
  request: { params: idParams, query: z.object({ offset: z.coerce.number<string>().int().min(0).default(0) }) },
  responses: { 200: json(z.object({ text: z.string(), next: z.int() }), 'what there is so far') },
});

export const deploymentRoutes = (platform: Platform, uploads: UploadStore) =>
  routeGroup()
    .openapi(create, async (c) => {
      const { file, upload, app } = c.req.valid('json');
      const { spec } = parseAppFile(file);
      const archivePath = await uploads.claim(upload);
      try {
        return c.json(await platform.deploy({ spec: { ...spec, app: app ?? spec.app }, archivePath }), 202);
      } catch (error) {
        await rm(archivePath, { force: true });
        throw error;
      }
    })
    .openapi(show, async (c) => c.json(await platform.deployment(c.req.valid('param').id), 200))
    .openapi(buildLog, async (c) =>
      c.json(await platform.buildLog(c.req.valid('param').id, c.req.valid('query').offset), 200),
    );
