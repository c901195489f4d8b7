import { type Clock, systemClock } from '../../core/clock.ts';
import { HoldfastError } from '../../core/errors.ts';
import { snapshotNotFound, volumeAttached, volumeNotFound, volumeShrink } from '../errors.ts';
import type { Attachment, CreateVolume, ObservedVolume, VolumeDriver, VolumeUsage } from '../volume-driver.ts';

type Files = Map<string, string>;

interface MemoryVolume {
  sizeBytes: number;
  attachedTo: string | null;
  files: Files;
  readonly snapshots: Map<string, { readonly createdAt: number; readonly files: Files }>;
}

/** What survives the driver: pass the same disk to the next one, as after a crash of the platform. */
export interface MemoryVolumeDisk {
  readonly volumes: Map<string, MemoryVolume>;
  /** Sum of the sizes that fit. */
  readonly capacityBytes: number;
}

export function createMemoryVolumeDisk({ capacityBytes = Number.POSITIVE_INFINITY } = {}): MemoryVolumeDisk {
  return { volumes: new Map(), capacityBytes };
}

export interface MemoryVolumeDriver extends VolumeDriver {
  /** What an instance does in its mount. */
  write(hostPath: string, name: string, content: string): void;
  read(hostPath: string, name: string): string | undefined;
}

export interface MemoryVolumeDriverOptions {
  readonly disk?: MemoryVolumeDisk;
  readonly clock?: Clock;
}

/** Volumes in memory, for simulations: every answer of the contract, no I/O and no time of its own. */
export function createMemoryVolumeDriver({
  disk = createMemoryVolumeDisk(),
  clock = systemClock,
}: MemoryVolumeDriverOptions = {}): MemoryVolumeDriver {
  const { volumes } = disk;
  const volume = (id: string): MemoryVolume => {
    const found = volumes.get(id);
    if (!found) throw volumeNotFound(id);
    return found;
  };
  const reserve = (bytes: number) => {
    const used = [...volumes.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (used + bytes > disk.capacityBytes) throw diskFull();
  };
  const content = ({ volume: id, snapshot }: NonNullable<CreateVolume['fromSnapshot']>): Files => {
    const files = volumes.get(id)?.snapshots.get(snapshot)?.files;
    if (!files) throw snapshotNotFound(id, snapshot);
    return new Map(files);
  };

  return {
    name: 'memory',
    capabilities: { enforcesSize: false, encryption: false, instantSnapshots: true, snapshotsWhileWritten: true },

    async create({ id, sizeBytes, fromSnapshot }) {
      if (volumes.has(id)) return;
      const files: Files = fromSnapshot ? content(fromSnapshot) : new Map();
      reserve(sizeBytes);
      volumes.set(id, { sizeBytes, attachedTo: null, files, snapshots: new Map() });
    },
    async attach(id, holder): Promise<Attachment> {
      const found = volume(id);
      if (found.attachedTo !== null && found.attachedTo !== holder) throw volumeAttached(id, found.attachedTo);
      found.attachedTo = holder;
      return { hostPath: `memory:/${id}` };
    },
    async detach(id, holder) {
      const found = volumes.get(id);
      if (found?.attachedTo === holder) found.attachedTo = null;
    },
    async extend(id, sizeBytes) {
      const found = volume(id);
      if (sizeBytes < found.sizeBytes) throw volumeShrink(id, { from: found.sizeBytes, to: sizeBytes });
      reserve(sizeBytes - found.sizeBytes);
      found.sizeBytes = sizeBytes;
    },
    async snapshot(id, snapshot) {
      const { files, snapshots } = volume(id);
      if (!snapshots.has(snapshot)) snapshots.set(snapshot, { createdAt: clock.now(), files: new Map(files) });
    },
    async deleteSnapshot(id, snapshot) {
      volumes.get(id)?.snapshots.delete(snapshot);
    },
    async destroy(id) {
      const attachedTo = volumes.get(id)?.attachedTo ?? null;
      if (attachedTo !== null) throw volumeAttached(id, attachedTo);
      volumes.delete(id);
    },
    async list(): Promise<ObservedVolume[]> {
      return [...volumes].map(([id, { sizeBytes, attachedTo, snapshots }]) => ({
        id,
        sizeBytes,
        attachedTo,
        snapshots: [...snapshots].map(([name, { createdAt }]) => ({ id: name, createdAt })),
      }));
    },
    async usage(id): Promise<VolumeUsage> {
      const { files, sizeBytes } = volume(id);
      const usedBytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      return { usedBytes, sizeBytes };
    },
    write: (hostPath, name, text) => void volume(idOf(hostPath)).files.set(name, text),
    read: (hostPath, name) => volume(idOf(hostPath)).files.get(name),
  };
}

function idOf(hostPath: string): string {
  return hostPath.replace('memory:/', '');
}

function diskFull(): HoldfastError {
  return HoldfastError.from(Object.assign(new Error('the disk is full'), { code: 'ENOSPC' }));
}
