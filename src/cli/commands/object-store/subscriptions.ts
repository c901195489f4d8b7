import type { Command } from 'commander';
import { XMLParser } from 'fast-xml-parser';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { table } from '../../output/table.ts';
import { element, type XmlContents } from './configuration-xml.ts';
import { withBucketRequests } from './open-bucket.ts';

/** A QueueConfiguration or TopicConfiguration of S3. */
interface Subscription {
  readonly id: string;
  readonly as: Kind;
  readonly webhook: string;
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

type Kind = 'Queue' | 'Topic';
const KINDS: readonly Kind[] = ['Queue', 'Topic'];
const ARN = 'arn:holdfast:webhook:::';
const EVERYTHING = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'];

export function bucketSubscriptions(events: Command): void {
  subscribe(events);
  list(events);
  unsubscribe(events);
}

interface SubscribeOptions {
  readonly event?: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
  readonly id?: string;
}

function subscribe(events: Command): void {
  events
    .command('subscribe <bucket> <webhook>')
    .description('send what happens in a bucket to a webhook')
    .option('--event <type...>', `types of S3, such as s3:ObjectCreated:Put; all that there are if not said`)
    .option('--prefix <prefix>', 'only for keys that begin so')
    .option('--suffix <suffix>', 'only for keys that end so')
    .option('--id <id>', 'what it is called; the name of the webhook if not said')
    .addHelpText('after', examples('object-store events subscribe my-app-images thumbnails --suffix .jpg'))
    .action(
      action(async ({ api }, bucket: string, webhook: string, options: SubscribeOptions) => {
        const { event = EVERYTHING, prefix = '', suffix = '', id = webhook } = options;
        const added: Subscription = { id, as: 'Queue', webhook, events: event, prefix, suffix };
        await withBucketRequests(api, bucket, async (s3) => {
          const others = (await read(s3)).filter((one) => one.id !== id);
          await write(s3, [...others, added]);
        });
        return { data: added, text: `${bucket} sends its events to ${webhook}.` };
      }),
    );
}

function list(events: Command): void {
  events
    .command('subscriptions <bucket>')
    .description('list which events of a bucket go where')
    .addHelpText('after', examples('object-store events subscriptions my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        const data = await withBucketRequests(api, bucket, read);
        const rows = data.map((one) => [one.id, one.webhook, one.events.join(', '), one.prefix, one.suffix]);
        return { data, text: table(['ID', 'WEBHOOK', 'EVENTS', 'PREFIX', 'SUFFIX'], rows, 'It tells nobody.') };
      }),
    );
}

function unsubscribe(events: Command): void {
  events
    .command('unsubscribe <bucket> <id>')
    .description('send these events no more; what waits is still sent')
    .addHelpText('after', examples('object-store events unsubscribe my-app-images thumbnails'))
    .action(
      action(async ({ api }, bucket: string, id: string) => {
        await withBucketRequests(api, bucket, async (s3) => {
          const all = await read(s3);
          const others = all.filter((one) => one.id !== id);
          if (others.length === all.length) throw cliErrors.subscriptionMissing(bucket, id);
          await write(s3, others);
        });
        return { data: { bucket, id, unsubscribed: true }, text: `${bucket} has no subscription ${id} any more.` };
      }),
    );
}

type Parsed = Readonly<Record<string, readonly (string & Parsed)[] | undefined>>;

async function read(s3: S3Client): Promise<readonly Subscription[]> {
  const { text } = await s3.send({ method: 'GET', query: { notification: '' } });
  const parser = new XMLParser({ parseTagValue: false, trimValues: false, isArray: () => true });
  const document = parser.parse(text, true) as { readonly NotificationConfiguration?: readonly Parsed[] };
  const root = document.NotificationConfiguration?.[0] ?? {};
  return KINDS.flatMap((as) => (root[`${as}Configuration`] ?? []).map((node) => subscriptionOf(as, node)));
}

function subscriptionOf(as: Kind, node: Parsed): Subscription {
  const filters = node.Filter?.[0]?.S3Key?.[0]?.FilterRule ?? [];
  const filter = (name: string) => filters.find((rule) => rule.Name?.[0] === name)?.Value?.[0] ?? '';
  return {
    id: node.Id?.[0] ?? '',
    as,
    webhook: (node[as]?.[0] ?? '').replace(ARN, ''),
    events: node.Event ?? [],
    prefix: filter('Prefix'),
    suffix: filter('Suffix'),
  };
}

async function write(s3: S3Client, subscriptions: readonly Subscription[]): Promise<void> {
  const ofKind = (kind: Kind) => subscriptions.filter(({ as }) => as === kind).map(xmlOf);
  const configurations = Object.fromEntries(KINDS.map((kind) => [`${kind}Configuration`, ofKind(kind)]));
  const body = Buffer.from(element('NotificationConfiguration', configurations));
  await s3.send({ method: 'PUT', query: { notification: '' }, body });
}

function xmlOf({ id, as, webhook, events, prefix, suffix }: Subscription): XmlContents {
  const rules = Object.entries({ Prefix: prefix, Suffix: suffix })
    .filter(([, value]) => value !== '')
    .map(([Name, Value]) => ({ Name, Value }));
  const filter = rules.length > 0 ? { S3Key: { FilterRule: rules } } : undefined;
  return { Id: id, [as]: `${ARN}${webhook}`, Event: events, Filter: filter };
}
