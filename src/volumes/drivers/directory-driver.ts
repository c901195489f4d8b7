import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { copyTree } from '../../core/copy-tree.ts';
import { readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import { EntryDirectory } from '../../core/entry-directory.ts';
import { walkTree } from '../../core/file-tree.ts';
import { snapshotNotFound, volumeAttached, volumeChanging, volumeNotFound, volumeShrink } from '../errors.ts';
import type {
  Attachment,
  CreateVolume,
  ObservedSnapshot,
  ObservedVolume,
  VolumeDriver,
  VolumeUsage,
} from '../volume-driver.ts';
import { copyPointInTime } from './point-in-time.ts';

/** volume.json: the only place that says who holds the volume. */
interface VolumeRecord {
  readonly sizeBytes: number;
  readonly attachedTo: string | null;
}

/** snapshot.json */
interface SnapshotRecord {
  readonly createdAt: number;
}

export interface DirectoryVolumeDriverOptions {
  readonly directory: string;
  readonly clock?: Clock;
}

/**
 * Volumes as plain directories, for any system and without privileges:
 * `<id>/volume.json`, `<id>/data/`, `<id>/snapshots/<snapshot>/data/`.
 * The size is remembered and not enforced.
 */
export function createDirectoryVolumeDriver({
  directory,
  clock = systemClock,
}: DirectoryVolumeDriverOptions): VolumeDriver {
  return new DirectoryVolumeDriver(new EntryDirectory(directory), clock);
}

class DirectoryVolumeDriver implements VolumeDriver {
  readonly name = 'directory';
  readonly capabilities = {
    enforcesSize: false,
    encryption: false,
    instantSnapshots: false,
    snapshotsWhileWritten: false,
  };
  readonly #entries: EntryDirectory;
  readonly #clock: Clock;

  constructor(entries: EntryDirectory, clock: Clock) {
    this.#entries = entries;
    this.#clock = clock;
  }

  async create({ id, sizeBytes, fromSnapshot }: CreateVolume): Promise<void> {
    await this.#entries.create([id], async (staging) => {
      const data = join(staging, 'data');
      if (fromSnapshot) await this.#copySnapshot(fromSnapshot, data);
      else await mkdir(data, { mode: 0o755 });
      await mkdir(join(staging, 'snapshots'), { mode: 0o700 });
      await this.#write(staging, { sizeBytes, attachedTo: null });
    });
  }

  async attach(id: string, holder: string): Promise<Attachment> {
    await this.#change(id, (volume) => {
      if (volume.attachedTo !== null && volume.attachedTo !== holder) throw volumeAttached(id, volume.attachedTo);
      return { ...volume, attachedTo: holder };
    });
    return { hostPath: this.#entries.path(id, 'data') };
  }

  async detach(id: string, holder: string): Promise<void> {
    if (!(await this.#entries.has(id))) return;
    await this.#change(id, (volume) => (volume.attachedTo === holder ? { ...volume, attachedTo: null } : volume));
  }

  async extend(id: string, sizeBytes: number): Promise<void> {
    await this.#change(id, (volume) => {
      if (sizeBytes < volume.sizeBytes) throw volumeShrink(id, { from: volume.sizeBytes, to: sizeBytes });
      return { ...volume, sizeBytes };
    });
  }

  async snapshot(id: string, snapshot: string): Promise<void> {
    await this.#read(id);
    const data = this.#entries.path(id, 'data');
    const made = this.#entries.create([id, 'snapshots', snapshot], async (staging) => {
      const copied = await copyPointInTime(data, join(staging, 'data'), { clock: this.#clock });
      if (!copied) throw volumeChanging(id);
      const record: SnapshotRecord = { createdAt: this.#clock.now() };
      await writeFileDurable(join(staging, 'snapshot.json'), JSON.stringify(record));
    });
    try {
      await made;
    } catch (error) {
      await this.#read(id); // destroyed meanwhile: that is the better explanation
      throw error;
    }
  }

  async deleteSnapshot(id: string, snapshot: string): Promise<void> {
    await this.#entries.remove([id, 'snapshots', snapshot]);
  }

  async destroy(id: string): Promise<void> {
    await this.#entries.remove([id], async () => {
      const { attachedTo } = await this.#read(id);
      if (attachedTo !== null) throw volumeAttached(id, attachedTo);
    });
  }

  async list(): Promise<readonly ObservedVolume[]> {
    const volumes = (await this.#entries.list()).map(async (id): Promise<ObservedVolume[]> => {
      const record = await readJsonFile<VolumeRecord>(this.#entries.path(id, 'volume.json'));
      return record ? [{ id, ...record, snapshots: await this.#snapshots(id) }] : [];
    });
    return (await Promise.all(volumes)).flat();
  }

  async usage(id: string): Promise<VolumeUsage> {
    const { sizeBytes } = await this.#read(id);
    const counted = new Set<bigint>();
    let usedBytes = 0;
    for await (const { stats } of walkTree(this.#entries.path(id, 'data'))) {
      if (counted.has(stats.ino)) continue; // another name of the same file
      if (stats.nlink > 1n && !stats.isDirectory()) counted.add(stats.ino);
      usedBytes += Number(stats.blocks) * 512; // what holes do not take
    }
    return { usedBytes, sizeBytes };
  }

  async #copySnapshot(
    { volume, snapshot }: { readonly volume: string; readonly snapshot: string },
    to: string,
  ): Promise<void> {
    if (!(await this.#entries.has(volume, 'snapshots', snapshot))) throw snapshotNotFound(volume, snapshot);
    await copyTree(this.#entries.path(volume, 'snapshots', snapshot, 'data'), to);
  }

  async #snapshots(id: string): Promise<ObservedSnapshot[]> {
    const names = await this.#entries.list(id, 'snapshots');
    const snapshots = names.map(async (name): Promise<ObservedSnapshot[]> => {
      const path = this.#entries.path(id, 'snapshots', name, 'snapshot.json');
      const record = await readJsonFile<SnapshotRecord>(path);
      return record ? [{ id: name, createdAt: record.createdAt }] : [];
    });
    return (await Promise.all(snapshots)).flat().sort((a, b) => a.createdAt - b.createdAt);
  }

  async #read(id: string): Promise<VolumeRecord> {
    await this.#entries.open();
    const record = await readJsonFile<VolumeRecord>(this.#entries.path(id, 'volume.json'));
    if (!record) throw volumeNotFound(id);
    return record;
  }

  async #write(directory: string, record: VolumeRecord): Promise<void> {
    await writeFileDurable(join(directory, 'volume.json'), JSON.stringify(record));
  }

  /** Reads and writes volume.json with no other writer between. */
  async #change(id: string, change: (volume: VolumeRecord) => VolumeRecord): Promise<void> {
    await this.#entries.exclusive(async () => {
      const volume = await this.#read(id);
      const changed = change(volume);
      if (changed.sizeBytes === volume.sizeBytes && changed.attachedTo === volume.attachedTo) return;
      await this.#write(this.#entries.path(id), changed);
    });
  }
}
