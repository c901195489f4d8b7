/** What holds the files of filesystems that many instances share. */

export interface FilesystemDriverCapabilities {
  /** Throughput modes are enforced. */
  readonly throughput: boolean;
  readonly snapshots: boolean;
}

export interface MountRequest {
  /** Instance that mounts. The same holder may mount several directories. */
  readonly holder: string;
  /** Absolute path within the filesystem that becomes the root of the mount; made when absent. Default `/`. */
  readonly rootDirectory?: string | undefined;
}

export interface ObservedFilesystem {
  readonly id: string;
  /** Instances that have it mounted. */
  readonly holders: readonly string[];
}

/** Calls are idempotent by id and durable when they resolve, as those of a volume driver. */
export interface FilesystemDriver {
  readonly name: string;
  readonly capabilities: FilesystemDriverCapabilities;

  create(id: string): Promise<void>;

  /**
   * The host directory to bind. Never outside the filesystem: a `rootDirectory`
   * that leads out of it, also through symbolic links that an app made, is refused.
   * @throws HoldfastError `filesystem.not-found`, `filesystem.root-directory`
   */
  mount(id: string, request: MountRequest): Promise<{ readonly hostPath: string }>;
  unmount(id: string, holder: string): Promise<void>;

  /** Deletes the content for good. @throws HoldfastError `filesystem.mounted` */
  destroy(id: string): Promise<void>;

  list(): Promise<readonly ObservedFilesystem[]>;

  /** Metered size: each object counts 2 KiB + its data rounded up to 4 KiB. */
  usage(id: string): Promise<{ readonly usedBytes: number; readonly objects: number }>;
}
