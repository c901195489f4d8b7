import type { WebhookAdmin, WebhookInfo } from '../../src/objects/webhook-contract.ts';

/** Webhooks that nothing is ever sent to. */
export function createMemoryWebhooks(): WebhookAdmin {
  const webhooks = new Map<string, WebhookInfo>();
  return {
    putWebhook: async ({ name, url }) => {
      const webhook = { name, url, createdAt: 0, buckets: [], pending: 0, failed: 0, dropped: 0 };
      webhooks.set(name, webhook);
      return { ...webhook, secret: 'whsec_' };
    },
    listWebhooks: async () => [...webhooks.values()],
    removeWebhook: async ({ name }) => {
      webhooks.delete(name);
    },
    testWebhook: async () => ({ delivered: true, status: 200 }),
    listFailedEvents: async () => [],
    replayEvents: async () => ({ count: 0 }),
    dropEvents: async () => ({ count: 0 }),
  };
}
