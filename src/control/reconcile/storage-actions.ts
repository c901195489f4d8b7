import { HoldfastError } from '../../core/errors.ts';
import { bucketName, storageDestroyed, storageTaken } from '../errors.ts';
import type { Action, Binding } from '../plan/actions.ts';
import type { State } from '../state/state.ts';
import type { StorageRecord } from '../state/storage-store.ts';
import { bucketInput, releaseDomains } from './bucket-settings.ts';
import type { ControlContext } from './context.ts';

type Run<K extends Action['kind']> = (
  context: ControlContext,
  app: string,
  action: Extract<Action, { kind: K }>,
) => Promise<void>;

export const createVolume: Run<'create-volume'> = async (context, app, action) => {
  const { name, sizeBytes, region } = action;
  const record =
    (await existing(context, action.id)) ??
    (await insert(context, { kind: 'volume', app, name, sizeBytes, region: region ?? context.config.region }));
  await context.storageTurns.ofLive(record.id, (volume) =>
    make(context, volume, () => context.drivers.volumes.create({ id: record.id, sizeBytes })),
  );
};

export const createFilesystem: Run<'create-filesystem'> = async (context, app, action) => {
  const { config, drivers, storageTurns } = context;
  const record =
    (await existing(context, action.id)) ??
    (await insert(context, { kind: 'filesystem', app, name: action.name, region: config.region }));
  await storageTurns.ofLive(record.id, (filesystem) =>
    make(context, filesystem, () => drivers.filesystems.create(record.id)),
  );
};

export const ensureBucket: Run<'ensure-bucket'> = async (context, app, { id, name, settings }) => {
  const record =
    (await existing(context, id)) ??
    (await insert(context, {
      kind: 'bucket',
      app,
      name,
      realName: await freeBucketName(context, app, name),
      settings,
    }));
  await releaseDomains(context, record, settings);
  await context.storageTurns.ofLive(record.id, async (bucket) => {
    await make(context, bucket, () => context.drivers.objects.ensureBucket(bucketInput(bucket, settings)));
    await context.state.storage.update(bucket.id, { settings });
  });
};

/**
 * The name that S3 clients use: the resource's own where it is valid and free, else
 * with the app's name before it. Chosen once and kept with the record.
 */
export async function freeBucketName(context: ControlContext, app: string | null, name: string): Promise<string> {
  const taken = new Set(await context.state.storage.takenRealNames());
  for (const bucket of await context.drivers.objects.listBuckets({})) taken.add(bucket.name);
  const prefixed = s3Name(`${app ?? 'bucket'}-${name}`);
  const candidates = [name, prefixed, ...Array.from({ length: 98 }, (_, i) => s3Name(`${prefixed}-${i + 2}`))];
  const free = candidates.find((candidate) => isBucketName(candidate) && !taken.has(candidate));
  if (free === undefined) throw bucketName(name);
  return free;
}

/** S3's rules for general-purpose buckets. */
export function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !/[.-]\.|\.-/.test(name) && !/^\d+(\.\d+){3}$/.test(name);
}

function s3Name(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(-63)
    .replace(/^-+|-+$/g, '');
}

async function existing({ state }: ControlContext, id: string | undefined): Promise<StorageRecord | undefined> {
  return id === undefined ? undefined : state.storage.get(id);
}

const PREFIX = { volume: 'vol', filesystem: 'fs', bucket: 'bkt' } as const;

export type NewStorage = Pick<StorageRecord, 'kind' | 'app' | 'name'> &
  Partial<Pick<StorageRecord, 'realName' | 'region' | 'sizeBytes' | 'settings' | 'source' | 'origin'>>;

/**
 * The record, before the driver makes anything. Refused while data of that name
 * waits to be recovered: an app must not start empty where it had data.
 */
export async function insert({ state, ids, clock }: ControlContext, storage: NewStorage): Promise<StorageRecord> {
  const record: StorageRecord = {
    id: ids(PREFIX[storage.kind]),
    realName: null,
    region: null,
    sizeBytes: null,
    settings: null,
    source: null,
    origin: 'file',
    ...storage,
    state: 'active',
    ready: false,
    purgeAt: null,
    boundService: null,
    boundSlot: null,
    createdAt: clock.now(),
  };
  await state.transaction(async (transaction) => {
    await refuseWhileRecoverable(transaction, record);
    await transaction.storage.insert(record);
  });
  return record;
}

async function refuseWhileRecoverable({ storage }: State, { kind, app, name, origin }: StorageRecord): Promise<void> {
  if (app === null || (kind === 'volume' && origin === 'command')) return; // several volumes may share a name
  const same = (await storage.within(app)).find(
    (item) => item.kind === kind && item.name === name && item.app === app && item.state === 'destroyed',
  );
  if (same) throw storageDestroyed(kind, name);
}

/** A driver that refuses for good leaves nothing behind, so neither does the record. */
export async function make(
  { state }: ControlContext,
  record: StorageRecord,
  create: () => Promise<unknown>,
): Promise<void> {
  try {
    await create();
  } catch (error) {
    const failure = HoldfastError.from(error);
    if (!failure.retryable && !record.ready) await state.storage.remove(record.id);
    throw failure;
  }
  await state.storage.update(record.id, { ready: true });
}

export const claimStorage: Run<'claim-storage'> = async ({ state }, app, { id }) => {
  if (!(await state.storage.claim(id, app, { origin: 'file' }))) throw storageTaken(id);
};

/**
 * Two services may each believe that a volume is theirs to take. An instance is
 * recorded before this runs, so of two only one finds the other's slot without one.
 */
export const bindVolume: Run<'bind-volume'> = async ({ state }, app, { id, from, to }) => {
  await state.transaction(async ({ storage, instances }) => {
    const volume = await storage.get(id);
    const bound = { service: volume?.boundService ?? null, slot: volume?.boundSlot ?? null };
    const isAt = (place: Binding | null) =>
      bound.service === (place?.service ?? null) && bound.slot === (place?.slot ?? null);
    if (!isAt(to)) {
      const live = await instances.live(app);
      const inUse = live.some(({ service, slot }) => service === bound.service && slot === bound.slot);
      if (!isAt(from) || inUse) throw storageTaken(id);
    }
    if (!(await storage.claim(id, app, { boundService: to.service, boundSlot: to.slot }))) throw storageTaken(id);
  });
};

export const extendVolume: Run<'extend-volume'> = async ({ state, drivers }, _app, { id, sizeBytes }) => {
  await drivers.volumes.extend(id, sizeBytes);
  await state.storage.update(id, { sizeBytes });
};

export const attachVolume: Run<'attach-volume'> = async ({ drivers }, _app, { id, holder }) => {
  await drivers.volumes.attach(id, holder);
};

export const detachVolume: Run<'detach-volume'> = async ({ drivers }, _app, { id, holder }) => {
  await drivers.volumes.detach(id, holder);
};

export const mountFilesystem: Run<'mount-filesystem'> = async ({ drivers }, _app, { id, holder, rootDirectory }) => {
  await drivers.filesystems.mount(id, { holder, rootDirectory: rootDirectory ?? undefined });
};

export const unmountFilesystem: Run<'unmount-filesystem'> = async ({ drivers }, _app, { id, holder }) => {
  await drivers.filesystems.unmount(id, holder);
};

/** The grant is recorded when the key has it. */
export const grantBuckets: Run<'grant-buckets'> = async ({ state, drivers }, app, { service, buckets }) => {
  await drivers.objects.ensureKey({ owner: `${app}/${service}`, buckets });
  await state.storage.setGrant(app, service, buckets);
};

export const revokeBuckets: Run<'revoke-buckets'> = async ({ state, drivers }, app, { service }) => {
  await drivers.objects.revokeKey({ owner: `${app}/${service}` });
  await state.storage.setGrant(app, service, null);
};
