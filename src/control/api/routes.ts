import { OpenAPIHono } from '@hono/zod-openapi';
import { appFileRoutes } from './routes/app-files.ts';
import { appRoutes } from './routes/apps.ts';
import { bucketRoutes } from './routes/buckets.ts';
import { type DeploymentRouteOptions, deploymentRoutes } from './routes/deployments.ts';
import { filesystemRoutes } from './routes/filesystems.ts';
import { logRoutes } from './routes/logs.ts';
import { regionRoutes } from './routes/regions.ts';
import { secretRoutes } from './routes/secrets.ts';
import { storageRoutes } from './routes/storage.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { volumeRoutes } from './routes/volumes.ts';

/** The routes of version 1 and, by their type, the client. */
export function createRoutes({ platform, uploads, parseAppFile }: DeploymentRouteOptions) {
  return new OpenAPIHono()
    .route('/app-files', appFileRoutes(parseAppFile))
    .route('/uploads', uploadRoutes(uploads))
    .route('/deployments', deploymentRoutes({ platform, uploads, parseAppFile }))
    .route('/apps', appRoutes(platform))
    .route('/apps', logRoutes(platform))
    .route('/apps', secretRoutes(platform))
    .route('/regions', regionRoutes(platform))
    .route('/buckets', storageRoutes(platform, 'bucket'))
    .route('/buckets', bucketRoutes(platform))
    .route('/volumes', storageRoutes(platform, 'volume'))
    .route('/volumes', volumeRoutes(platform))
    .route('/filesystems', storageRoutes(platform, 'filesystem'))
    .route('/filesystems', filesystemRoutes(platform));
}

export type Routes = ReturnType<typeof createRoutes>;
