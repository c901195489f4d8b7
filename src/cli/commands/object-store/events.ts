import type { Command } from 'commander';
import type { FailedEvent } from '../../../control/api/client.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { printable } from '../../output/printable.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';
import { bucketSubscriptions } from './subscriptions.ts';

/** What buckets tell webhooks, and what did not reach them. */
export function bucketEvents(buckets: Command): void {
  const events = buckets.command('events').description('what buckets tell webhooks, and what did not reach them');
  bucketSubscriptions(events);
  listFailed(events);
  replay(events);
  drop(events);
}

function listFailed(events: Command): void {
  events
    .command('failed <webhook>')
    .description('list events that were given up after a day of attempts, from the oldest on')
    .option('--after <id>', 'go on behind this one')
    .addHelpText('after', examples('object-store events failed thumbnails'))
    .action(
      action(async ({ api }, name: string, { after }: { readonly after?: string }) => {
        const data = await (await api.webhooks[':name'].failed.$get({ param: { name }, query: { after } })).json();
        return { data, text: eventTable(data) };
      }),
    );
}

function eventTable(events: readonly FailedEvent[]): string {
  return table(
    ['ID', 'EVENT', 'OBJECT', 'QUEUED', 'ATTEMPTS', 'ERROR'],
    events.map(({ id, event, bucket, key, queuedAt, attempts, error }) => [
      id,
      event,
      printable(`${bucket}/${key}`),
      ago(queuedAt),
      String(attempts),
      error,
    ]),
    'Nothing failed.',
  );
}

interface Choice {
  readonly all?: boolean;
}

function replay(events: Command): void {
  events
    .command('replay <webhook> [id]')
    .description('send a failed event again, or all of them')
    .option('--all', 'every failed event of the webhook')
    .addHelpText('after', examples('object-store events replay thumbnails --all'))
    .action(
      action(async ({ api }, name: string, id: string | undefined, choice: Choice) => {
        const request = { param: { name }, json: { id: chosen(id, choice) } };
        const data = await (await api.webhooks[':name'].failed.replay.$post(request)).json();
        return { data, text: `${numbered(data.count)} sent again.` };
      }),
    );
}

function drop(events: Command): void {
  events
    .command('drop <webhook> [id]')
    .description('forget a failed event, or all of them')
    .option('--all', 'every failed event of the webhook')
    .addHelpText('after', examples('object-store events drop thumbnails --all'))
    .action(
      action(async ({ api }, name: string, id: string | undefined, choice: Choice) => {
        const request = { param: { name }, json: { id: chosen(id, choice) } };
        const data = await (await api.webhooks[':name'].failed.drop.$post(request)).json();
        return { data, text: `${numbered(data.count)} forgotten.` };
      }),
    );
}

function chosen(id: string | undefined, { all = false }: Choice): string | undefined {
  if ((id === undefined) !== all) throw cliErrors.usage('one event or all of them', 'name its id, or pass --all');
  return id;
}

function numbered(count: number): string {
  return count === 1 ? '1 event is' : `${count} events are`;
}
