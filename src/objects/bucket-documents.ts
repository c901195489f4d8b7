import type { CorsRuleSpec, EventRuleSpec, LifecycleRuleSpec, LoggingSpec } from '../spec/app-spec.ts';
import { CLOSED } from './access/bucket-access.ts';
import { type BucketLogging, LOGGING_DOCUMENT } from './access-log/bucket-logging.ts';
import { NOTIFICATION_DOCUMENT, type NotificationRule } from './events/notification-rules.ts';
import { isOfMarkers } from './lifecycle/expiry.ts';
import { LIFECYCLE, type LifecycleRule } from './lifecycle/lifecycle-rule.ts';
import type { ObjectAdmin } from './object-admin.ts';
import type { CorsRule } from './s3/configuration/cors-rules.ts';
import type { Bucket, BucketChanges } from './store/bucket.ts';
import { DOMAINS_DOCUMENT } from './website/domains.ts';
import { type Website, websiteOf } from './website/website.ts';

type Wanted = Parameters<ObjectAdmin['ensureBucket']>[0];

/** The documents of `bucket`, or of one to be made, that differ from those that are wanted; `undefined` takes one away. */
export function documentChanges(bucket: Bucket | undefined, wanted: Wanted): NonNullable<BucketChanges['documents']> {
  const { website, cors, lifecycle, events, logging, domains, closed } = wanted;
  const documents = {
    ...(website === undefined ? {} : { website: website && websiteDocument(bucket, website) }),
    ...(cors === undefined ? {} : { cors: cors?.map(corsRule) }),
    ...(lifecycle === undefined ? {} : { [LIFECYCLE]: lifecycle?.map(lifecycleRule) }),
    ...(events === undefined ? {} : { [NOTIFICATION_DOCUMENT]: events?.map(notificationRule) }),
    ...(logging === undefined ? {} : { [LOGGING_DOCUMENT]: logging && loggingDocument(logging) }),
    ...(domains === undefined ? {} : { [DOMAINS_DOCUMENT]: domains.length > 0 ? domains : null }),
    ...(closed === undefined ? {} : { [CLOSED]: closed }),
  };
  const texts = Object.entries(documents).map(([name, value]) => [name, value ? JSON.stringify(value) : undefined]);
  return Object.fromEntries(texts.filter(([name = '', text]) => text !== bucket?.documents?.[name]));
}

/** Routing rules that a client set stay. */
function websiteDocument(bucket: Bucket | undefined, { index, error }: NonNullable<Wanted['website']>): Website {
  return { index, error, rules: bucket && websiteOf(bucket).rules };
}

function corsRule({ origins, methods, headers, exposeHeaders, maxAgeSeconds }: CorsRuleSpec, i: number): CorsRule {
  return {
    id: ruleId(i),
    origins,
    methods,
    headers: headers.map((name) => name.toLowerCase()),
    exposed: exposeHeaders,
    maxAge: maxAgeSeconds,
  };
}

/** The markers of what has no version left go with the old versions: they tell nothing more. */
function lifecycleRule(
  { expireDays, expireOldVersionsDays, keepOldVersions, abortUploadsDays, ...scope }: LifecycleRuleSpec,
  i: number,
): LifecycleRule {
  const { prefix, tags = {}, largerThan, smallerThan } = scope;
  const filter = {
    prefix,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    largerThan,
    smallerThan,
  };
  const noncurrent =
    expireOldVersionsDays === undefined ? undefined : { days: expireOldVersionsDays, newerVersions: keepOldVersions };
  const markers = noncurrent && isOfMarkers(filter) ? { deleteMarkers: true } : undefined;
  const expiration = expireDays === undefined ? markers : { days: expireDays };
  return { id: ruleId(i), enabled: true, filter, expiration, noncurrent, abortUploadsDays };
}

const EVENTS = {
  created: 's3:ObjectCreated:*',
  removed: 's3:ObjectRemoved:*',
  expired: 's3:LifecycleExpiration:*',
} as const;

function notificationRule({ webhook, types, prefix = '', suffix = '' }: EventRuleSpec, i: number): NotificationRule {
  return { id: ruleId(i), as: 'queue', webhook, events: types.map((type) => EVENTS[type]), prefix, suffix };
}

const KEY_FORMATS = { request: 'event-time', delivery: 'delivery-time' } as const;

function loggingDocument({ bucket, prefix, byDate }: LoggingSpec): BucketLogging {
  return { target: bucket, prefix, keyFormat: byDate && KEY_FORMATS[byDate] };
}

/** Tells who looks at them with an S3 client where they come from. */
function ruleId(i: number): string {
  return `app-file-${i + 1}`;
}
