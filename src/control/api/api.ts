import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { HoldfastError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { Platform } from '../platform.ts';
import { authentication, type VerifyToken } from './authentication.ts';
import { apiErrors } from './errors.ts';
import { hostCheck } from './host-check.ts';
import { openApiDocument } from './open-api.ts';
import { problemResponse, statusOf } from './problem.ts';
import { healthRoutes } from './routes/health.ts';
import { createRoutes } from './routes.ts';
import { createUploadStore } from './uploads.ts';

export interface ApiOptions {
  readonly platform: Platform;
  readonly verifyToken: VerifyToken;
  /** Where source archives arrive; on the file system of the data directory. */
  readonly uploadDirectory: string;
  readonly version: string;
  readonly log: Logger;
  /** Host names, besides those of loopback, that the API answers to. */
  readonly allowedHosts?: readonly string[] | undefined;
  readonly maxUploadBytes?: number | undefined;
}

export interface Api {
  fetch(request: Request, env?: object): Response | Promise<Response>;
}

const MAX_BODY = 1024 * 1024;
const MAX_UPLOAD = 1024 ** 3;

/** The HTTP API over `platform`: everything under /v1 wants a bearer token; /healthz and /openapi.json do not. */
export function createApi(options: ApiOptions): Api {
  const { platform, verifyToken, uploadDirectory, version, log } = options;
  const uploads = createUploadStore({ directory: uploadDirectory, maxBytes: options.maxUploadBytes ?? MAX_UPLOAD });
  const limitBody = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => {
      throw apiErrors.bodyTooLarge(MAX_BODY);
    },
  });

  const app = new OpenAPIHono();
  app.onError((error, c) => {
    const failure = toHoldfastError(error);
    if (statusOf(failure) >= 500) log.error({ err: error, method: c.req.method, path: c.req.path }, failure.message);
    return problemResponse(failure);
  });
  app.notFound((c) => problemResponse(apiErrors.noSuchRoute(c.req.method, c.req.path)));

  app.use(hostCheck(options.allowedHosts ?? []));
  app.route('/', healthRoutes(version));
  app.use('/v1/*', authentication(verifyToken), async (c, next) => {
    c.header('cache-control', 'no-store');
    await (c.req.path === '/v1/uploads' ? next() : limitBody(c, next));
  });
  app.route('/v1', createRoutes({ platform, uploads }));
  const document = openApiDocument(app, version);
  app.get('/openapi.json', (c) => c.json(document));
  return app;
}

function toHoldfastError(error: unknown): HoldfastError {
  return error instanceof HTTPException ? apiErrors.requestInvalid(error.message) : HoldfastError.from(error);
}
