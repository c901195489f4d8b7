import { OpenAPIHono } from '@hono/zod-openapi';
import type { Platform } from '../platform.ts';
import { appFileRoutes } from './routes/app-files.ts';
import { appRoutes } from './routes/apps.ts';
import { bucketRoutes } from './routes/buckets.ts';
import { deploymentRoutes } from './routes/deployments.ts';
import { filesystemRoutes } from './routes/filesystems.ts';
import { keyRoutes } from './routes/keys.ts';
import { logRoutes } from './routes/logs.ts';
import { masterKeyRoutes } from './routes/master-key.ts';
import { regionRoutes } from './routes/regions.ts';
import { scrubRoutes } from './routes/scrub.ts';
import { secretRoutes } from './routes/secrets.ts';
import { storageRoutes } from './routes/storage.ts';
import { uploadRoutes } from './routes/uploads.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import type { UploadStore } from './uploads.ts';

/** The routes of version 1 and, by their type, the client. */
export function createRoutes({ platform, uploads }: { readonly platform: Platform; readonly uploads: UploadStore }) {
  return new OpenAPIHono()
    .route('/app-files', appFileRoutes())
    .route('/uploads', uploadRoutes(uploads))
    .route('/deployments', deploymentRoutes(platform, uploads))
    .route('/apps', appRoutes(platform))
    .route('/apps', logRoutes(platform))
    .route('/apps', secretRoutes(platform))
    .route('/regions', regionRoutes(platform))
    .route('/buckets', storageRoutes(platform, 'bucket'))
    .route('/buckets', bucketRoutes(platform))
    .route('/keys', keyRoutes(platform))
    .route('/master-key', masterKeyRoutes(platform))
    .route('/scrub', scrubRoutes(platform))
    .route('/webhooks', webhookRoutes(platform))
    .route('/volumes', storageRoutes(platform, 'volume'))
    .route('/volumes', volumeRoutes(platform))
    .route('/filesystems', storageRoutes(platform, 'filesystem'))
    .route('/filesystems', filesystemRoutes(platform));
}

export type Routes = ReturnType<typeof createRoutes>;
