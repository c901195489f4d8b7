import { HoldfastError } from '../../core/errors.ts';

export const webhookName = (name: string) =>
  new HoldfastError({
    code: 'webhook.name',
    kind: 'invalid',
    message: `"${name}" is not a name of a webhook`,
    hint: 'use up to 63 lower-case letters, digits and hyphens, beginning with a letter',
  });

export const webhookUrl = (url: string, why: string) =>
  new HoldfastError({
    code: 'webhook.url',
    kind: 'invalid',
    message: `${url} ${why}`,
    hint: 'give an http or https URL without a user name, such as https://example.com/events',
  });

export const webhookNotFound = (name: string) =>
  new HoldfastError({
    code: 'webhook.not-found',
    kind: 'not-found',
    message: `there is no webhook ${name}`,
    hint: 'holdfast object-store webhooks list shows those there are, and webhooks add makes one',
    resource: `webhook ${name}`,
  });

export const webhookInUse = (name: string, buckets: readonly string[]) =>
  new HoldfastError({
    code: 'webhook.in-use',
    kind: 'conflict',
    message: `the webhook ${name} gets the events of ${buckets.join(', ')}`,
    hint: 'take it out of `events` in the app file, or of their notification configuration, first',
    resource: `webhook ${name}`,
  });

export const addressForbidden = (host: string, address: string) =>
  new HoldfastError({
    code: 'webhook.address',
    kind: 'forbidden',
    message: `${host} is at ${address}, which is neither public nor in HOLDFAST_WEBHOOK_ALLOW`,
    hint: `if that is meant, start the platform with ${host} or a network such as ${address}/32 in HOLDFAST_WEBHOOK_ALLOW`,
  });

export const allowedTarget = (entry: string) =>
  new HoldfastError({
    code: 'config.invalid',
    kind: 'invalid',
    message: `HOLDFAST_WEBHOOK_ALLOW has "${entry}", which is neither a host name, an address nor a network`,
    hint: 'separate entries by commas: 10.0.0.0/8, fd00::/8, hooks.internal',
  });

export const failedEventNotFound = (webhook: string, id: string) =>
  new HoldfastError({
    code: 'webhook.event-not-found',
    kind: 'not-found',
    message: `the webhook ${webhook} has no failed event ${id}`,
    hint: `holdfast object-store events failed ${webhook} shows those there are`,
    resource: `webhook ${webhook}`,
  });
