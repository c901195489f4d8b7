/** What holds the bytes of volumes on one host. */

export interface VolumeDriverCapabilities {
  /** The size is a cap that writes cannot pass. */
  readonly enforcesSize: boolean;
  readonly encryption: boolean;
  /** Snapshots and forks cost the same whatever the size of the volume. */
  readonly instantSnapshots: boolean;
  /** A snapshot succeeds also while an instance writes all the time; otherwise it is then refused. */
  readonly snapshotsWhileWritten?: boolean;
}

export interface CreateVolume {
  /** Unique for ever. */
  readonly id: string;
  readonly sizeBytes: number;
  /** Copy of this snapshot's content, instead of an empty volume. */
  readonly fromSnapshot?: { readonly volume: string; readonly snapshot: string } | undefined;
}

export interface Attachment {
  /** Directory on the host with the volume's content. */
  readonly hostPath: string;
}

export interface ObservedVolume {
  readonly id: string;
  readonly sizeBytes: number;
  /** Holder of the volume, `null` when it is free. Survives a restart of the driver. */
  readonly attachedTo: string | null;
  readonly snapshots: readonly ObservedSnapshot[];
}

export interface ObservedSnapshot {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface VolumeUsage {
  readonly usedBytes: number;
  readonly sizeBytes: number;
}

/**
 * Every call is idempotent by id and durable when it resolves: what `create`,
 * `attach` or `snapshot` answered survives power loss. A driver opened anew
 * over the same directory continues where the old one was cut off.
 */
export interface VolumeDriver {
  readonly name: string;
  readonly capabilities: VolumeDriverCapabilities;

  /** @throws HoldfastError `disk.full`, `volume.snapshot-not-found`; nothing half-made stays */
  create(volume: CreateVolume): Promise<void>;

  /**
   * Gives the volume to one instance.
   * @throws HoldfastError `volume.attached` while another instance holds it, `volume.not-found`
   */
  attach(id: string, holder: string): Promise<Attachment>;

  /** Takes it back from `holder`; a volume held by another or by nobody is left as it is. */
  detach(id: string, holder: string): Promise<void>;

  /** @throws HoldfastError `volume.shrink` when `sizeBytes` is below the present size */
  extend(id: string, sizeBytes: number): Promise<void>;

  /**
   * A copy at one point in time, also while attached.
   * @throws HoldfastError `volume.changing` (retryable) where the driver lacks `snapshotsWhileWritten`
   */
  snapshot(id: string, snapshot: string): Promise<void>;
  deleteSnapshot(id: string, snapshot: string): Promise<void>;

  /**
   * Deletes the content for good.
   * @throws HoldfastError `volume.attached`
   */
  destroy(id: string): Promise<void>;

  list(): Promise<readonly ObservedVolume[]>;
  usage(id: string): Promise<VolumeUsage>;
}
