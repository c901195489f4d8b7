import { createRoute, z } from '@hono/zod-openapi';
import { stream } from 'hono/streaming';
import { HoldfastError } from '../../../core/errors.ts';
import type { Platform } from '../../platform.ts';
import { appParams, flag, routeGroup } from '../route-group.ts';
import { logLine } from '../schemas.ts';

const read = createRoute({
  method: 'get',
  path: '/{app}/logs',
  tags: ['apps'],
  summary:
    'Log lines, oldest first, one JSON value a line; blank lines mean nothing, a last line {"error": …} a failure',
  request: {
    params: appParams,
    query: z.object({
      service: z.string().optional(),
      instance: z.string().optional(),
      tail: z.coerce.number<string>().int().min(0).max(100_000).optional(),
      follow: flag.openapi({ description: 'true: keep the answer open and send lines as they come' }),
    }),
  },
  responses: {
    200: { description: 'the lines', content: { 'application/x-ndjson': { schema: logLine } } },
    404: { description: 'there is no such app' },
  },
});

/** Clients and what stands between give up on connections that are silent for some minutes. */
const HEARTBEAT_MS = 30_000;

export const logRoutes = (platform: Platform, { heartbeatMs = HEARTBEAT_MS } = {}) =>
  routeGroup().openapi(read, async (c) => {
    const { app } = c.req.valid('param');
    const { follow, ...filter } = c.req.valid('query');
    await platform.app(app); // an unknown app is a 404, not the last line of a 200
    const aborter = new AbortController();
    c.header('content-type', 'application/x-ndjson');
    return stream(c, async (out) => {
      out.onAbort(() => aborter.abort());
      const heartbeat = setInterval(() => out.write('\n'), heartbeatMs);
      try {
        const lines = platform.logs({ app, ...filter, follow: follow === 'true', signal: aborter.signal });
        for await (const line of lines) await out.write(`${JSON.stringify(line)}\n`);
      } catch (error) {
        if (aborter.signal.aborted) return;
        await out.write(`${JSON.stringify({ error: HoldfastError.from(error) })}\n`);
      } finally {
        clearInterval(heartbeat);
      }
    });
  });
