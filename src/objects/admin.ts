import { isDeepStrictEqual } from 'node:util';
import { isHoldfastCode } from '../core/errors.ts';
import { wholeBuckets } from './access/key-file.ts';
import type { KeyStore } from './access/key-store.ts';
import { documentChanges } from './bucket-documents.ts';
import type { BucketEvents } from './events/bucket-events.ts';
import { webhookNotFound } from './events/errors.ts';
import { createWebhookAdmin } from './events/webhook-admin.ts';
import { createKeyAdmin } from './key-admin.ts';
import type { BucketInfo, ObjectAdmin } from './object-admin.ts';
import { requireBucket } from './s3/bucket.ts';
import { requireLogTarget } from './s3/operations/bucket-logging.ts';
import type { Scrubber } from './scrub/scrubber.ts';
import type { Bucket, BucketSettings, BucketSource, Versioning } from './store/bucket.ts';
import type { ObjectStore, OpenObjectStore } from './store/object-store.ts';
import { type Domains, domainsOf } from './website/domains.ts';

export interface ObjectAdminOptions {
  readonly store: OpenObjectStore;
  readonly keys: KeyStore;
  readonly domains: Domains;
  readonly scrubber: Scrubber;
  readonly events: BucketEvents;
  readonly refreshKeyring: (() => Promise<void>) | undefined;
}

/** A plain object of functions, as `serveRpc` wants it. */
export function createObjectAdmin(options: ObjectAdminOptions): ObjectAdmin {
  const { store, keys, domains, scrubber, events, refreshKeyring } = options;
  return {
    async ensureBucket(wanted) {
      const { name, from, versioning, objectLock, accessibility, quota, domains: hosts } = wanted;
      for (const { webhook } of wanted.events ?? []) if (!events.webhooks.find(webhook)) throw webhookNotFound(webhook);
      if (wanted.logging && wanted.logging.bucket !== name) requireLogTarget(wanted.logging.bucket, store);
      if (hosts !== undefined) domains.requireFree(name, hosts); // before anything else has changed
      const settings: Partial<BucketSettings> = {
        ...(versioning === undefined ? {} : { versioning: versioningOf(versioning, store.bucket(name)) }),
        ...(objectLock && !store.bucket(name)?.objectLock ? { objectLock: {} } : {}),
        ...(accessibility === undefined ? {} : { accessibility }),
        ...(quota === undefined ? {} : { quota: quota === null ? {} : { bytes: quota } }),
      };
      await ensureBucket(store, name, { from, settings });
      await ensureDocuments(store, wanted);
      if (hosts !== undefined) await domains.assign(name, hosts);
      return describe(store, requireBucket(store, name));
    },
    async destroyBucket({ name }) {
      await unlessAbsent(store.deleteBucket(name, { force: true })); // refused where versions are locked
      await keys.forgetBucket(name);
    },
    async listBuckets() {
      return Promise.all(store.buckets().map((bucket) => describe(store, bucket)));
    },
    async ensureKey({ owner, buckets }) {
      const grants = buckets === '*' ? buckets : wholeBuckets(buckets);
      const { accessKeyId, secretAccessKey } = await keys.ensure(owner, grants);
      return { accessKeyId, secretAccessKey };
    },
    revokeKey: ({ owner }) => keys.revokeOwner(owner),
    ...createKeyAdmin(keys),
    beginScrub: async () => scrubber.begin(),
    scrubReport: async () => ({ ...scrubber.report(), setAside: await scrubber.setAside() }),
    async reseal() {
      await refreshKeyring?.();
      const [buckets, accessKeys, webhooks] = await Promise.all([
        store.resealKeys(),
        keys.reseal(),
        events.webhooks.reseal(),
      ]);
      return { buckets, accessKeys, webhooks };
    },
    ...createWebhookAdmin(events, () => store.buckets()),
  };
}

/** A bucket that has had versions keeps them, and makes no more unless they may be locked. */
function versioningOf(wanted: boolean, bucket: Bucket | undefined): Versioning {
  if (wanted || bucket?.objectLock) return 'enabled';
  return (bucket?.versioning ?? 'disabled') === 'disabled' ? 'disabled' : 'suspended';
}

interface WantedBucket {
  readonly from: BucketSource | undefined;
  readonly settings: Partial<BucketSettings>;
}

async function ensureBucket(store: ObjectStore, name: string, wanted: WantedBucket): Promise<Bucket> {
  const { settings } = wanted;
  const known = store.bucket(name) ?? (await createUnlessPresent(store, name, wanted));
  const differs = Object.entries(settings).some(
    ([setting, value]) => !isDeepStrictEqual(known[setting as keyof BucketSettings] ?? {}, value),
  );
  return differs ? store.updateBucket(name, settings) : known;
}

/** Another call may have made it since it was looked for. */
async function createUnlessPresent(
  store: ObjectStore,
  name: string,
  { from, settings }: WantedBucket,
): Promise<Bucket> {
  try {
    return await store.createBucket(name, { ...settings, from });
  } catch (error) {
    const present = store.bucket(name);
    if (present && isHoldfastCode(error, 'bucket.exists')) return present;
    throw error;
  }
}

async function ensureDocuments(store: ObjectStore, wanted: Parameters<ObjectAdmin['ensureBucket']>[0]): Promise<void> {
  const documents = documentChanges(requireBucket(store, wanted.name), wanted);
  if (Object.keys(documents).length > 0) await store.updateBucket(wanted.name, { documents });
}

async function unlessAbsent(deletion: Promise<void>): Promise<void> {
  try {
    await deletion;
  } catch (error) {
    if (!isHoldfastCode(error, 'bucket.not-found')) throw error;
  }
}

async function describe(store: ObjectStore, bucket: Bucket): Promise<BucketInfo> {
  const { name, createdAt, versioning, accessibility, documents } = bucket;
  const website = documents?.website !== undefined;
  const domains = domainsOf(bucket);
  const forkOf = bucket.forkOf?.bucket;
  const quota = bucket.quota?.bytes;
  const settings = { versioning, accessibility, website, domains, quota };
  return { name, createdAt, ...settings, forkOf, ...(await store.usage(name)) };
}
