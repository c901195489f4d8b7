import type { ObjectAdmin } from '../../objects/object-admin.ts';
import { bucketHost } from '../plan/hosts.ts';
import type { BucketSettings, StorageRecord } from '../state/storage-store.ts';
import type { ControlContext } from './context.ts';
import { isMade } from './is-made.ts';

type OptionalSetting = 'quota' | 'website' | 'cors' | 'lifecycle' | 'events' | 'logging';
type BucketRecord = Pick<StorageRecord, 'app' | 'name' | 'realName' | 'settings'>;

/**
 * What the object store is told of a bucket; `settings` of the record are those that it was told last.
 * What they no longer name is taken away (`null`); what they never named, a client may have set: it stays.
 */
export function bucketInput(
  { app, name, realName, settings: before }: BucketRecord,
  settings: BucketSettings | null,
): Parameters<ObjectAdmin['ensureBucket']>[0] {
  const { accessibility, versioning, objectLock, domains = [] } = settings ?? {};
  const wanted = <K extends OptionalSetting>(key: K) =>
    settings?.[key] ?? (before?.[key] === undefined ? undefined : null);
  return {
    name: realName ?? name,
    accessibility,
    versioning,
    objectLock,
    quota: wanted('quota'),
    website: wanted('website'),
    cors: wanted('cors'),
    lifecycle: wanted('lifecycle'),
    events: wanted('events'),
    logging: wanted('logging'),
    domains: [...domains, ...(settings && isServed(settings) ? ownHosts(app, name) : [])],
  };
}

function ownHosts(app: string | null, name: string): readonly string[] {
  return app === null ? [] : [bucketHost(app, name)];
}

function isServed({ accessibility, website, domains = [] }: BucketSettings): boolean {
  return accessibility === 'public' || website !== undefined || domains.length > 0;
}

/** A domain that the app gives to one of its buckets leaves the one that had it, also when that is detached. */
export async function releaseDomains(
  context: ControlContext,
  record: Pick<StorageRecord, 'id' | 'app'>,
  { domains = [] }: BucketSettings,
): Promise<void> {
  if (record.app === null || domains.length === 0) return;
  for (const { id, app, settings } of await context.state.storage.list({ kind: 'bucket' })) {
    if (id === record.id || app !== record.app || !hasAny(settings, domains)) continue;
    await context.storageTurns.of(id, async (other) => other && takeDomains(context, other, domains));
  }
}

/** One that is destroyed has given them up, and all others too. */
async function takeDomains(
  { state, drivers }: ControlContext,
  record: StorageRecord,
  domains: readonly string[],
): Promise<void> {
  const { settings } = record;
  if (!hasAny(settings, domains)) return;
  const left = { ...settings, domains: settings.domains.filter((one) => !domains.includes(one)) };
  const { name, domains: kept } = bucketInput(record, left);
  if (record.state !== 'destroyed') await drivers.objects.ensureBucket({ name, domains: kept });
  await state.storage.update(record.id, { settings: left });
}

function hasAny(
  settings: BucketSettings | null,
  domains: readonly string[],
): settings is BucketSettings & Required<Pick<BucketSettings, 'domains'>> {
  return settings?.domains?.some((one) => domains.includes(one)) ?? false;
}

/** What is destroyed is nobody's to read, nor to write what would be purged with it; its domains are free. */
export async function hideBucket({ drivers }: ControlContext, record: StorageRecord): Promise<void> {
  if (!(await isMade({ drivers }, record))) return;
  await drivers.objects.ensureBucket({ name: record.realName ?? record.name, domains: [], closed: true });
}

/**
 * What `hideBucket` has changed, and that alone: everything else a client may have set since the record was written, and
 * versioning taken back would lose what is overwritten from then on. Earlier versions hid a bucket by making it private.
 * Where another bucket has one of its domains, it stays hidden. @throws HoldfastError `bucket.domain-taken`
 */
export async function showBucket({ drivers }: Pick<ControlContext, 'drivers'>, record: BucketRecord): Promise<void> {
  const { name, accessibility, domains } = bucketInput(record, record.settings);
  await drivers.objects.ensureBucket({ name, accessibility, domains, closed: false });
}
