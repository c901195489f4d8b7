import type { PurgePlanner } from '../plan/purge.ts';
import type { ForkSource, StorageRecord, VolumeSource } from '../state/storage-store.ts';
import { bucketInput, hideBucket } from './bucket-settings.ts';
import type { ControlContext } from './context.ts';
import { inJournal } from './in-journal.ts';
import { Repeat } from './repeat.ts';
import { make } from './storage-actions.ts';

const INTERVAL_MS = 60_000;
/** Of the journal. */
const NO_APP = '';

/** Storage that is no app's business: what the CLI made, and what was destroyed and whose grace is over. */
export class StorageKeeper {
  readonly #context: ControlContext;
  readonly #plan: PurgePlanner;
  readonly #repeat: Repeat;
  /** What is unfinished from before was cut off by a crash; what is since is under way. */
  readonly #startedAt: number;
  #haveHidden = false;

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
    const parts = [() => this.#finish(records), () => this.#hideOnce(records), () => this.#purgeDue(records)];
    await each(parts, (part) => part());
  }

  /** A crash may have cut off the destruction of a bucket, or its recovery. */
  async #hideOnce(records: readonly StorageRecord[]): Promise<void> {
    if (this.#haveHidden) return;
    const destroyed = records.filter(({ kind, state }) => kind === 'bucket' && state === 'destroyed');
    await each(destroyed, ({ id }) =>
      this.#context.storageTurns.of(id, async (record) => {
        if (record?.state === 'destroyed') await hideBucket(this.#context, record);
      }),
    );
    this.#haveHidden = true;
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
  const { state, drivers, log } = context;
  const { id, kind, name } = record;
  const step = { app: NO_APP, action: { kind: 'purge-storage', id } };
  await state.journal.prune(NO_APP); // what is locked is tried again and again
  await inJournal(context, step, async () => {
    if (kind === 'bucket') await drivers.objects.destroyBucket({ name: record.realName ?? name });
    if (kind === 'volume') await drivers.volumes.destroy(id);
    if (kind === 'filesystem') await drivers.filesystems.destroy(id);
    await state.storage.remove(id);
  });
  log.info({ storage: id, kind, name }, 'destroyed storage is gone for good');
}
