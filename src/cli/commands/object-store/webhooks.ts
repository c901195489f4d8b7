import type { Command } from 'commander';
import type { WebhookInfo } from '../../../control/api/client.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { table } from '../../output/table.ts';

/** Where the events of buckets go. */
export function bucketWebhooks(buckets: Command): void {
  const webhooks = buckets.command('webhooks').description('where the events of buckets are sent to');
  addWebhook(webhooks);
  listWebhooks(webhooks);
  removeWebhook(webhooks);
  testWebhook(webhooks);
}

function addWebhook(webhooks: Command): void {
  webhooks
    .command('add <name> <url>')
    .description('add a webhook and print its secret, or give one that is there another address')
    .option('--new-secret', 'put another secret in place of the one there is')
    .addHelpText('after', examples('object-store webhooks add thumbnails https://example.com/events'))
    .action(
      action(async ({ api }, name: string, url: string, { newSecret }: { readonly newSecret?: boolean }) => {
        const request = { param: { name }, json: { url, renewSecret: newSecret } };
        const data = await (await api.webhooks[':name'].$put(request)).json();
        const secret = data.secret === undefined ? '' : `\nIts secret, shown this once: ${data.secret}`;
        return { data, text: `The webhook ${name} is at ${data.url}.${secret}` };
      }),
    );
}

function listWebhooks(webhooks: Command): void {
  webhooks
    .command('list')
    .description('list the webhooks, with what waits for them and what did not reach them')
    .addHelpText('after', examples('object-store webhooks list'))
    .action(
      action(async ({ api }) => {
        const data = await (await api.webhooks.$get()).json();
        return { data, text: webhookTable(data) };
      }),
    );
}

function webhookTable(webhooks: readonly WebhookInfo[]): string {
  return table(
    ['NAME', 'BUCKETS', 'WAITING', 'FAILED', 'URL'],
    webhooks.map(({ name, url, buckets, pending, failed, dropped }) => [
      name,
      buckets.join(', ') || '-',
      String(pending),
      dropped > 0 ? `${failed} (${dropped} more dropped)` : String(failed),
      url,
    ]),
    'No webhooks yet.',
  );
}

function removeWebhook(webhooks: Command): void {
  webhooks
    .command('remove <name>')
    .description('remove a webhook, and the events that wait for it')
    .addHelpText('after', examples('object-store webhooks remove thumbnails'))
    .action(
      action(async ({ api }, name: string) => {
        await api.webhooks[':name'].$delete({ param: { name } });
        return { data: { name, removed: true }, text: `The webhook ${name} is removed.` };
      }),
    );
}

function testWebhook(webhooks: Command): void {
  webhooks
    .command('test <name>')
    .description('send a test message, and say what came of it')
    .addHelpText('after', examples('object-store webhooks test thumbnails'))
    .action(
      action(async ({ api }, name: string) => {
        const data = await (await api.webhooks[':name'].test.$post({ param: { name } })).json();
        if (!data.delivered) throw cliErrors.webhookSilent(name, data.error);
        return { data, text: `The webhook ${name} answered ${data.status}.` };
      }),
    );
}
