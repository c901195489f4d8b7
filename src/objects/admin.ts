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
import { requireLogTarget } from './s3/operations/bucket-logging.ts';
import type { Scrubber } from './scrub/scrubber.ts';
import type { Bucket, BucketChanges, BucketSettings, Versioning } from './store/bucket.ts';
import type { ObjectStore, OpenObjectStore } from './store/object-store.ts';
import { type Domains, domainsOf } from './website/domains.ts';

type WantedBucket = Parameters<ObjectAdmin['ensureBucket']>[0];

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
      const { name, domains: hosts = [] } = wanted;
      for (const { webhook } of wanted.events ?? []) if (!events.webhooks.find(webhook)) throw webhookNotFound(webhook);
      if (wanted.logging && wanted.logging.bucket !== name) requireLogTarget(wanted.logging.bucket, store);
      using _claim = domains.claim(name, hosts);
      const bucket = await ensureBucket(store, wanted);
      domains.remember(bucket);
      return describe(store, bucket);
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
    scrubReport: async () => ({
      ...scrubber.report(),
      setAside: await scrubber.setAside(),
      indexRebuild: store.indexRebuild,
      lostKeys: store.lostKeys,
    }),
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

/** In one change, so that no bucket is open to everyone and has not got its documents. */
async function ensureBucket(store: ObjectStore, wanted: WantedBucket): Promise<Bucket> {
  const { name } = wanted;
  const present = store.bucket(name) ?? (await createUnlessPresent(store, wanted));
  const changes = changesOf(present, wanted);
  return Object.keys(changes).length > 0 ? store.updateBucket(name, changes) : present;
}

/** Another call may have made it since it was looked for. */
async function createUnlessPresent(store: ObjectStore, wanted: WantedBucket): Promise<Bucket> {
  const { name, from } = wanted;
  try {
    return await store.createBucket(name, { ...changesOf(undefined, wanted), from });
  } catch (error) {
    const present = store.bucket(name);
    if (present && isHoldfastCode(error, 'bucket.exists')) return present;
    throw error;
  }
}

/** What is to change of the bucket, or of one as it begins. */
function changesOf(bucket: Bucket | undefined, wanted: WantedBucket): BucketChanges {
  const { versioning, objectLock, accessibility, quota } = wanted;
  const settings: Partial<BucketSettings> = {
    ...(versioning === undefined ? {} : { versioning: versioningOf(versioning, bucket) }),
    ...(objectLock && !bucket?.objectLock ? { objectLock: {} } : {}),
    ...(accessibility === undefined ? {} : { accessibility }),
    ...(quota === undefined ? {} : { quota: quota === null ? {} : { bytes: quota } }),
  };
  const before: Partial<BucketSettings> = { quota: {}, ...bucket };
  const differing = Object.entries(settings).filter(
    ([setting, value]) => !isDeepStrictEqual(before[setting as keyof BucketSettings], value),
  );
  const documents = documentChanges(bucket, wanted);
  return { ...Object.fromEntries(differing), ...(Object.keys(documents).length > 0 && { documents }) };
}

/** A bucket that has had versions keeps them, and makes no more unless they may be locked. */
function versioningOf(wanted: boolean, bucket: Bucket | undefined): Versioning {
  if (wanted || bucket?.objectLock) return 'enabled';
  return (bucket?.versioning ?? 'disabled') === 'disabled' ? 'disabled' : 'suspended';
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
