import type { PurgePlanner } from '../plan/purge.ts';
import type { ForkSource, StorageRecord, VolumeSource } from '../state/storage-store.ts';
import { bucketInput } from './bucket-settings.ts';
import type { ControlContext } from './context.ts';
import { Repeat } from './repeat.ts';
import { make } from './storage-actions.ts';

const INTERVAL_MS = 60_000;

/** Storage that is no app's business: what the CLI made, and what was destroyed and whose grace is over. */
export class StorageKeeper {
  readonly #context: ControlContext;
  readonly #plan: PurgePlanner;
  readonly #repeat: Repeat;
  /** What is unfinished from before was cut off by a crash; what is since is under way. */
  readonly #startedAt: number;

  constructor(context: ControlContext, plan: PurgePlanner) {
    this.#context = context;
    this.#plan = plan;
    this.#startedAt = context.clock.now();
    this.#repeat = new Repeat(context, { name: 'keeping storage', intervalMs: INTERVAL_MS, work: () => this.#look() });
  }

  start(): void {
    this.#repeat.start();
  }

  wake(): void {
    this.#repeat.wake();
  }

  stop(): Promise<void> {
    return this.#repeat.stop();
  }

  async #look(): Promise<void> {
    const { state, clock } = this.#context;
    const records = await state.storage.list();
    const unfinished = records.filter(
      ({ ready, origin, createdAt }) => !ready && origin === 'command' && createdAt < this.#startedAt,
    );
    for (const record of unfinished) await createStorage(this.#context, record);
    if (!records.some((record) => record.state === 'destroyed')) return;
    const holders = await this.#holders();
    const destroyed = records.map((record) => ({ ...record, holders: holders.get(record.id) ?? [] }));
    for (const { id } of this.#plan(destroyed, clock.now())) {
      const record = await state.storage.get(id);
      if (record) await purgeStorage(this.#context, record);
    }
  }

  async #holders(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { volumes, filesystems } = this.#context.drivers;
    return new Map<string, readonly string[]>([
      ...(await volumes.list()).map(({ id, attachedTo }) => [id, attachedTo === null ? [] : [attachedTo]] as const),
      ...(await filesystems.list()).map(({ id, holders }) => [id, holders] as const),
    ]);
  }
}

/** Brings a record that the CLI asked for to life. Once begun it is ended also after a crash. */
export async function createStorage(context: ControlContext, record: StorageRecord): Promise<void> {
  const { volumes, filesystems, objects } = context.drivers;
  const { id, sizeBytes, settings, source } = record;
  await make(context, record, () => {
    if (record.kind === 'volume')
      return volumes.create({ id, sizeBytes: sizeBytes ?? 0, fromSnapshot: volumeSource(source) });
    if (record.kind === 'filesystem') return filesystems.create(id);
    return objects.ensureBucket({ ...bucketInput(record, settings), from: forkSource(source) });
  });
}

function volumeSource(source: StorageRecord['source']): VolumeSource | undefined {
  return source && 'volume' in source ? source : undefined;
}

function forkSource(source: StorageRecord['source']): ForkSource | undefined {
  return source && 'bucket' in source ? source : undefined;
}

/** For good: content first, so that a crash between leaves a record to continue from. */
export async function purgeStorage(context: ControlContext, record: StorageRecord): Promise<void> {
  const { state, drivers, clock, log } = context;
  const { id, kind, name, app } = record;
  const action = JSON.stringify({ kind: 'purge-storage', id });
  const step = await state.journal.begin({ app: app ?? '', name: 'purge-storage', action, startedAt: clock.now() });
  if (kind === 'bucket') await drivers.objects.destroyBucket({ name: record.realName ?? name });
  if (kind === 'volume') await drivers.volumes.destroy(id);
  if (kind === 'filesystem') await drivers.filesystems.destroy(id);
  await state.storage.remove(id);
  await state.journal.end(step, clock.now(), null);
  log.info({ storage: id, kind, name }, 'destroyed storage is gone for good');
}
