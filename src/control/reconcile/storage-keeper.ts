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
    const records = await this.#context.state.storage.list();
    await each([() => this.#finish(records), () => this.#purgeDue(records)], (part) => part());
  }

  #finish(records: readonly StorageRecord[]): Promise<void> {
    const unfinished = records.filter(
      ({ ready, origin, createdAt, state }) =>
        !ready && origin === 'command' && createdAt < this.#startedAt && state !== 'destroyed',
    );
    return each(unfinished, (record) => createStorage(this.#context, record));
  }

  async #purgeDue(records: readonly StorageRecord[]): Promise<void> {
    if (!records.some(({ state }) => state === 'destroyed')) return;
    const holders = await this.#holders();
    const stored = records.map((record) => ({ ...record, holders: holders.get(record.id) ?? [] }));
    const due = this.#plan(stored, this.#context.clock.now());
    await each(due, ({ id }) => this.#purge(id, holders.get(id) ?? []));
  }

  /** By the record as it is when nothing else changes it: it may have been recovered since it was listed. */
  #purge(id: string, holders: readonly string[]): Promise<void> {
    const { storageTurns, clock } = this.#context;
    return storageTurns.of(id, async (record) => {
      if (!record || this.#plan([{ ...record, holders }], clock.now()).length === 0) return;
      await purgeStorage(this.#context, record);
    });
  }

  async #holders(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { volumes, filesystems } = this.#context.drivers;
    return new Map<string, readonly string[]>([
      ...(await volumes.list()).map(({ id, attachedTo }) => [id, attachedTo === null ? [] : [attachedTo]] as const),
      ...(await filesystems.list()).map(({ id, holders }) => [id, holders] as const),
    ]);
  }
}

/** One that cannot be made or purged now holds up none of the others. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch((error) => failures.push(error));
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
}

/** Brings a record that the CLI asked for to life. Once begun it is ended also after a crash. */
export async function createStorage(context: ControlContext, { id, source }: StorageRecord): Promise<void> {
  const { storageTurns } = context;
  await storageTurns.ofSource(source, () =>
    storageTurns.ofLive(id, (record) => make(context, record, () => create(context, record))),
  );
}

async function create({ drivers }: ControlContext, record: StorageRecord): Promise<void> {
  const { volumes, filesystems, objects } = drivers;
  const { id, kind, sizeBytes, settings, source } = record;
  if (kind === 'volume') await volumes.create({ id, sizeBytes: sizeBytes ?? 0, fromSnapshot: volumeSource(source) });
  if (kind === 'filesystem') await filesystems.create(id);
  if (kind === 'bucket') await objects.ensureBucket({ ...bucketInput(record, settings), from: forkSource(source) });
}

function volumeSource(source: StorageRecord['source']): VolumeSource | undefined {
  return source && 'volume' in source ? source : undefined;
}

function forkSource(source: StorageRecord['source']): ForkSource | undefined {
  return source && 'bucket' in source ? source : undefined;
}

/** For good, by who has its turn: content first, so that a crash between leaves a record to continue from. */
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
