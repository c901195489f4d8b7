import { HoldfastError } from '../../core/errors.ts';
import { checkRegion, REGIONS } from '../../spec/regions.ts';
import * as errors from '../errors.ts';
import { wantedCount } from '../plan/service-situation.ts';
import { assignVolumes } from '../plan/volumes.ts';
import type { Platform, StorageView } from '../platform.ts';
import { hideBucket, showBucket } from '../reconcile/bucket-settings.ts';
import type { ControlContext } from '../reconcile/context.ts';
import { isNamed } from '../reconcile/deployment-actions.ts';
import { isMade } from '../reconcile/is-made.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { insert, isBucketName, type NewStorage } from '../reconcile/storage-actions.ts';
import { createStorage, purgeStorage } from '../reconcile/storage-keeper.ts';
import type { ReleaseRecord } from '../state/release-store.ts';
import type { BucketSettings, StorageRecord } from '../state/storage-store.ts';
import { updateBucket } from './bucket-update.ts';
import { findStorage } from './find-storage.ts';
import { findBucket, recordedBucket } from './s3-buckets.ts';
import type { StorageViews } from './storage-view.ts';

type Storage = Pick<
  Platform,
  | 'regions'
  | 'storage'
  | 'createBucket'
  | 'updateBucket'
  | 'bucketCredentials'
  | 'createVolume'
  | 'extendVolume'
  | 'createFilesystem'
  | 'destroyStorage'
  | 'recoverStorage'
  | 'snapshots'
  | 'createSnapshot'
>;

/** How long destroyed storage can be recovered, ms. */
const GRACE_MS = 24 * 3600_000;

export function createStorageOperations(context: ControlContext, reconciler: Reconciler, views: StorageViews): Storage {
  const { state, drivers, config, clock, ids, storageTurns } = context;

  function create(storage: Omit<NewStorage, 'origin'>, check: () => Promise<void>): Promise<StorageView> {
    return storageTurns.named(storage.kind, async () => {
      const record = (await begunBefore(storage)) ?? (await begin(storage, check));
      await createStorage(context, record).catch(async (error) => {
        if (HoldfastError.from(error).kind === 'exhausted') await forgetUnmade(record).catch(() => {});
        throw error;
      });
      if (record.app !== null) reconciler.wake(record.app);
      return viewOf(record.id);
    });
  }

  function begin(storage: Omit<NewStorage, 'origin'>, check: () => Promise<void>): Promise<StorageRecord> {
    return storageTurns.ofSource(storage.source ?? null, async () => {
      await check();
      return insert(context, { ...storage, origin: 'command' });
    });
  }

  /** Of this name, and not there yet since the driver failed: whoever asks again goes on with it. */
  async function begunBefore({ kind, app, name, source = null, settings }: Omit<NewStorage, 'origin'>) {
    if (kind === 'volume') return undefined; // several may share a name
    const record = (await state.storage.list({ kind })).find(
      (one) => one.name === name && one.app === app && one.origin === 'command' && one.state === 'active' && !one.ready,
    );
    if (!record || JSON.stringify(record.source) !== JSON.stringify(source)) return undefined;
    await state.storage.update(record.id, { settings: settings ?? null });
    return state.storage.get(record.id);
  }

  /** A bucket that found no room left nothing, as the error says; so neither does its record. */
  async function forgetUnmade(record: StorageRecord): Promise<void> {
    if (record.kind === 'bucket' && !(await isMade(context, record))) await state.storage.remove(record.id);
  }

  async function viewOf(id: string): Promise<StorageView> {
    const record = await state.storage.get(id);
    if (!record) throw errors.storageTaken(id);
    return views.view(record);
  }

  /** As the object store knows it. @throws HoldfastError `bucket.destroyed`, `bucket.not-found`, `bucket.ambiguous` */
  async function realBucket(id: string): Promise<string> {
    const record = await findBucket(context, id);
    if (record?.state === 'destroyed') throw errors.bucketDestroyed(record.name);
    return record?.realName ?? record?.name ?? id;
  }

  async function refuseSameName(kind: StorageView['kind'], name: string, app: string | null): Promise<void> {
    const same = (await state.storage.list({ kind })).find(
      (record) => record.name === name && record.app === app && record.state !== 'destroyed',
    );
    if (same) throw errors.storageExists(kind, name);
  }

  return {
    regions: async () => Object.entries(REGIONS).map(([code, name]) => ({ code, name, hosts: [config.hostName] })),

    storage: (filter) => views.list(filter),

    createBucket: async ({ name, app = null, from, ...wanted }) => {
      if (!isBucketName(name)) throw errors.bucketName(name);
      const settings = from ? null : newSettings(wanted); // a fork has those of its bucket
      const source = from ? { ...from, bucket: await realBucket(from.bucket) } : null;
      const bucket = { kind: 'bucket', app, name, realName: name, region: config.region, settings, source } as const;
      return create(bucket, async () => {
        if (from) await realBucket(from.bucket); // which is not destroyed meanwhile
        await refuseSameName('bucket', name, app);
        const taken = await state.storage.takenRealNames();
        const buckets = await drivers.objects.listBuckets({});
        if (taken.has(name) || buckets.some((bucket) => bucket.name === name)) {
          throw errors.storageExists('bucket', name);
        }
      });
    },

    updateBucket: async (change) => viewOf(await updateBucket(context, change)),

    bucketCredentials: async (name, { from } = {}) => {
      const names = from === undefined ? [name] : [name, from];
      const buckets = await Promise.all(names.map(realBucket));
      const [bucket = name] = buckets;
      const key = await drivers.objects.ensureKey({ owner: `operator:${buckets.join('+')}`, buckets });
      return { bucket, from: buckets[1], endpoint: config.s3PublicUrl, region: config.region, ...key };
    },

    createVolume: async ({ name, app = null, region = config.region, sizeBytes, fromSnapshot }) => {
      checkRegion(region);
      const source = fromSnapshot === undefined ? null : await findSnapshot(context, fromSnapshot);
      return create({ kind: 'volume', app, name, region, sizeBytes, source }, async () => {});
    },

    extendVolume: async ({ id, sizeBytes }) => {
      const volume = await findStorage(state, { kind: 'volume', id });
      return storageTurns.of(volume.id, async () => {
        await drivers.volumes.extend(volume.id, sizeBytes);
        await state.storage.update(volume.id, { sizeBytes });
        return viewOf(volume.id);
      });
    },

    createFilesystem: ({ name, app = null }) =>
      create({ kind: 'filesystem', app, name, region: config.region }, () => refuseSameName('filesystem', name, app)),

    destroyStorage: async ({ kind, id, now }) => {
      const found = kind === 'bucket' ? await recordedBucket(context, id) : await findStorage(state, { kind, id });
      return storageTurns.of(found.id, async (record) => {
        if (!record) return null;
        await refuseWhileInUse(context, record);
        const recoverableUntil = record.state === 'destroyed' ? record.purgeAt : clock.now() + GRACE_MS;
        const forGood = now || (await isGone(context, record));
        await state.storage.update(record.id, {
          state: 'destroyed',
          purgeAt: forGood ? clock.now() : recoverableUntil,
        });
        if (record.app !== null) reconciler.wake(record.app);
        if (forGood) {
          await purgeStorage(context, record);
          return null;
        }
        if (kind === 'bucket') await hideBucket(context, record);
        return viewOf(record.id);
      });
    },

    recoverStorage: async ({ kind, id }) => {
      const found = await findStorage(state, { kind, id, destroyed: true });
      return storageTurns.of(found.id, async (record) => {
        const made = record !== undefined && (await isMade(context, record));
        if (!record || (record.ready && !made)) throw errors.storageNotFound(kind, found.name, []);
        if (record.state !== 'destroyed') throw errors.storageNotDestroyed(kind, record.name);
        const serving = await servingReleases(context, record.app);
        const wanted = record.origin === 'command' || serving.some(({ spec }) => isNamed(spec, record));
        if (kind === 'bucket' && made) await showBucket(context, record);
        await state.storage.update(record.id, { state: wanted ? 'active' : 'detached', purgeAt: null });
        if (record.app !== null) reconciler.wake(record.app);
        return viewOf(record.id);
      });
    },

    snapshots: async (volume) => snapshotsOf(context, await findStorage(state, { kind: 'volume', id: volume })),

    createSnapshot: async (volume) => {
      const record = await findStorage(state, { kind: 'volume', id: volume });
      const id = ids('snap');
      await drivers.volumes.snapshot(record.id, id);
      const snapshot = (await snapshotsOf(context, record)).find((one) => one.id === id);
      return snapshot ?? { id, createdAt: clock.now() };
    },
  };
}

function newSettings({
  accessibility = 'private',
  objectLock,
  versioning = objectLock ?? false,
  quota,
  website,
  domains,
}: Omit<Parameters<Platform['createBucket']>[0], 'name'>): BucketSettings {
  return {
    accessibility,
    versioning,
    objectLock,
    quota,
    website: website ? { index: 'index.html' } : undefined,
    domains,
  };
}

async function snapshotsOf({ drivers }: ControlContext, { id }: StorageRecord) {
  const volume = (await drivers.volumes.list()).find((one) => one.id === id);
  return (volume?.snapshots ?? []).map((snapshot) => ({ id: snapshot.id, createdAt: snapshot.createdAt }));
}

async function findSnapshot({ drivers }: ControlContext, snapshot: string) {
  const owner = (await drivers.volumes.list()).find(({ snapshots }) => snapshots.some(({ id }) => id === snapshot));
  if (!owner) throw errors.snapshotNotFound(snapshot);
  return { volume: owner.id, snapshot };
}

/** The release that serves and the one on its way. */
async function servingReleases({ state }: ControlContext, name: string | null): Promise<readonly ReleaseRecord[]> {
  const app = name === null ? undefined : await state.apps.get(name);
  if (!app || app.destroying === 1) return [];
  const versions = new Set([app.currentRelease, (await state.deployments.open(app.name))?.release ?? null]);
  const releases: ReleaseRecord[] = [];
  for (const version of versions) {
    const release = version === null ? undefined : await state.releases.get(app.name, version);
    if (release) releases.push(release);
  }
  return releases;
}

/** @throws HoldfastError `storage.in-use` while an instance holds it, or a release that serves cannot do without it */
async function refuseWhileInUse(context: ControlContext, record: StorageRecord): Promise<void> {
  const { kind, name, app } = record;
  const holders = await holdersOf(context, record);
  if (holders.length > 0) throw errors.storageInUse(kind, name, `${holders.join(', ')} has it`);
  const forks = kind === 'bucket' ? await forksOf(context, record) : [];
  if (forks.length > 0) throw errors.bucketHasForks(name, forks);
  if (record.state === 'destroyed') return;
  for (const release of await servingReleases(context, app)) {
    if (!isNamed(release.spec, record)) continue;
    if (kind === 'volume' && (await isSpare(context, release, record))) continue;
    throw errors.storageInUse(kind, name, `release ${release.version} of ${app} names it`);
  }
}

async function holdersOf({ drivers }: ControlContext, { id, kind }: StorageRecord): Promise<readonly string[]> {
  if (kind === 'volume') {
    const holder = (await drivers.volumes.list()).find((volume) => volume.id === id)?.attachedTo ?? null;
    return holder === null ? [] : [holder];
  }
  if (kind === 'filesystem') return (await drivers.filesystems.list()).find((one) => one.id === id)?.holders ?? [];
  return [];
}

/**
 * They show what the bucket holds, also while they can be recovered. One that has only been begun is made in the end,
 * also after a crash.
 */
async function forksOf({ state, drivers }: ControlContext, record: StorageRecord): Promise<readonly string[]> {
  const base = record.realName ?? record.name;
  const made = (await drivers.objects.listBuckets({})).filter(({ forkOf }) => forkOf === base);
  const begun = (await state.storage.list({ kind: 'bucket' })).filter(
    ({ ready, source, ...fork }) =>
      !ready && fork.state !== 'destroyed' && source && 'bucket' in source && source.bucket === base,
  );
  return [...new Set([...made, ...begun].map(({ name }) => name))];
}

/** Of a bucket that an S3 client has removed there is nothing to recover, and the next one of its name is another's. */
async function isGone(context: ControlContext, record: StorageRecord): Promise<boolean> {
  return record.kind === 'bucket' && record.ready && !(await isMade(context, record));
}

/** Enough volumes of the name are left without it. */
async function isSpare(
  { state }: ControlContext,
  { app, spec }: ReleaseRecord,
  spare: StorageRecord,
): Promise<boolean> {
  const scales = await state.apps.scales(app);
  const counts = new Map(
    Object.entries(spec.services).map(([name, one]) => [name, wantedCount(one, scales.get(name))]),
  );
  const others = (await state.storage.within(app))
    .filter((record) => record.id !== spare.id && record.app === app)
    .map((record) => ({ ...record, holders: [] }));
  return assignVolumes(spec, counts, others).every(({ volume }) => volume !== null);
}
