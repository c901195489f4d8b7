import { createRoute, z } from '@hono/zod-openapi';
import type { FailedEvent, NewWebhook, WebhookInfo, WebhookTest } from '../../../objects/webhook-contract.ts';
import type { Platform } from '../../platform.ts';
import { json, jsonBody, noContent, routeGroup } from '../route-group.ts';

const tags = ['webhooks'];
const time = z.number().openapi({ description: 'milliseconds since 1970', example: 1767225600000 });
const nameParams = z.object({ name: z.string().max(63) });
const which = z.object({ id: z.string().max(64).optional().openapi({ description: 'one of them; all without it' }) });
const counted = z.object({ count: z.int() });

const fields = {
  name: z.string(),
  url: z.string(),
  createdAt: time,
  buckets: z.array(z.string()),
  pending: z.int().openapi({ description: 'events that wait for it' }),
  failed: z.int(),
  dropped: z.int().openapi({ description: 'failed events that there was no room for' }),
};
const webhook: z.ZodType<WebhookInfo> = z.object(fields).openapi('Webhook');
const newWebhook: z.ZodType<NewWebhook> = z
  .object({ ...fields, secret: z.string().optional().openapi({ description: 'if it is new' }) })
  .openapi('NewWebhook');

const outcome: z.ZodType<WebhookTest> = z
  .union([
    z.object({ delivered: z.literal(true), status: z.int() }),
    z.object({ delivered: z.literal(false), error: z.string() }),
  ])
  .openapi('WebhookTest');

const event: z.ZodType<FailedEvent> = z
  .object({
    id: z.string(),
    bucket: z.string(),
    key: z.string(),
    event: z.string(),
    versionId: z.string(),
    queuedAt: time,
    attempts: z.int(),
    error: z.string(),
  })
  .openapi('FailedEvent');

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'Where the events of buckets go',
  responses: { 200: json(z.array(webhook), 'the webhooks') },
});

const put = createRoute({
  method: 'put',
  path: '/{name}',
  tags,
  summary: 'Make a webhook, or give it another address; a new secret is in this answer and in no other',
  request: {
    params: nameParams,
    body: jsonBody(z.object({ url: z.string().max(2048), renewSecret: z.boolean().optional() })),
  },
  responses: { 200: json(newWebhook, 'the webhook') },
});

const remove = createRoute({
  method: 'delete',
  path: '/{name}',
  tags,
  summary: 'Remove a webhook with what waits for it',
  request: { params: nameParams },
  responses: { 204: noContent('it is gone') },
});

const test = createRoute({
  method: 'post',
  path: '/{name}/test',
  tags,
  summary: 'Send a test message once',
  request: { params: nameParams },
  responses: { 200: json(outcome, 'what came of it') },
});

const failed = createRoute({
  method: 'get',
  path: '/{name}/failed',
  tags,
  summary: 'Events that were given up, from the oldest on, at most 1,000',
  request: { params: nameParams, query: z.object({ after: z.string().max(64).optional() }) },
  responses: { 200: json(z.array(event), 'the events') },
});

const ofFailed = <Verb extends string>(verb: Verb, summary: string) =>
  createRoute({
    method: 'post',
    path: `/{name}/failed/${verb}`,
    tags,
    summary,
    request: { params: nameParams, body: jsonBody(which) },
    responses: { 200: json(counted, 'how many') },
  });
const replay = ofFailed('replay', 'Send failed events again');
const drop = ofFailed('drop', 'Forget failed events');

export const webhookRoutes = (platform: Platform) =>
  routeGroup()
    .openapi(list, async (c) => c.json([...(await platform.webhooks.listWebhooks({}))], 200))
    .openapi(put, async (c) => {
      return c.json(await platform.webhooks.putWebhook({ ...c.req.valid('param'), ...c.req.valid('json') }), 200);
    })
    .openapi(remove, async (c) => {
      await platform.webhooks.removeWebhook(c.req.valid('param'));
      return c.body(null, 204);
    })
    .openapi(test, async (c) => c.json(await platform.webhooks.testWebhook(c.req.valid('param')), 200))
    .openapi(failed, async (c) => {
      const { name: webhook } = c.req.valid('param');
      return c.json([...(await platform.webhooks.listFailedEvents({ webhook, ...c.req.valid('query') }))], 200);
    })
    .openapi(replay, async (c) => {
      const { name: webhook } = c.req.valid('param');
      return c.json(await platform.webhooks.replayEvents({ webhook, ...c.req.valid('json') }), 200);
    })
    .openapi(drop, async (c) => {
      const { name: webhook } = c.req.valid('param');
      return c.json(await platform.webhooks.dropEvents({ webhook, ...c.req.valid('json') }), 200);
    });
