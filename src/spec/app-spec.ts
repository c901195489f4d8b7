/** The app file after parsing: every default filled in, every unit converted, every alias resolved. */

export interface AppSpec {
  readonly app: string;
  readonly buckets: Readonly<Record<string, BucketSpec>>;
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  readonly filesystems: Readonly<Record<string, FilesystemSpec>>;
  readonly services: Readonly<Record<string, ServiceSpec>>;
}

export interface BucketSpec {
  readonly accessibility: 'private' | 'public';
  readonly versioning: boolean;
  /** Bytes. Absent: no limit. */
  readonly quota?: number | undefined;
  /** Absent: every key is served as it is. */
  readonly website?: { readonly index: string; readonly error?: string | undefined } | undefined;
  /** Host names that lead to it, besides its own. */
  readonly domains?: readonly string[] | undefined;
  /** Absent: whatever a client sets. */
  readonly cors?: readonly CorsRuleSpec[] | undefined;
  /** Absent: whatever a client sets. */
  readonly lifecycle?: readonly LifecycleRuleSpec[] | undefined;
  /** Absent: whatever a client sets. No event is of two of them. */
  readonly events?: readonly EventRuleSpec[] | undefined;
  /** Absent: whatever a client sets. */
  readonly logging?: LoggingSpec | undefined;
}

/** Pages of these origins may do this. */
export interface CorsRuleSpec {
  /** Each with one `*` at most. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Each with one `*` at most. */
  readonly headers: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

/** What goes by itself, of what has this prefix, all of these tags and such a size. */
export interface LifecycleRuleSpec {
  readonly prefix?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Bytes. */
  readonly largerThan?: number | undefined;
  /** Bytes. */
  readonly smallerThan?: number | undefined;
  readonly expireDays?: number | undefined;
  readonly expireOldVersionsDays?: number | undefined;
  readonly keepOldVersions?: number | undefined;
  readonly abortUploadsDays?: number | undefined;
}

/** These events, of keys that begin and end so, go to this webhook of the platform. */
export interface EventRuleSpec {
  readonly webhook: string;
  readonly types: readonly ('created' | 'removed' | 'expired')[];
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}

/** A line for each request, in objects of another bucket. */
export interface LoggingSpec {
  /** As the file names it; in what the object store is told, the name that it has there. */
  readonly bucket: string;
  readonly prefix: string;
  /** Which date their keys have; absent: none but in their last part. */
  readonly byDate?: 'request' | 'delivery' | undefined;
}

export interface VolumeSpec {
  readonly sizeBytes: number;
  /** Absent: any region. */
  readonly region?: string | undefined;
  readonly snapshotRetention: number;
}

export interface FilesystemSpec {
  readonly throughputMode: 'elastic' | 'provisioned' | 'bursting';
  readonly provisionedThroughputInMibps?: number | undefined;
  readonly backupEnabled: boolean;
}

export type ServiceType = 'web-service' | 'private-service' | 'worker-service' | 'job';

export interface ServiceSpec {
  readonly type: ServiceType;
  readonly packaging: SourcePackaging;
  readonly resources: { readonly cpu: number; readonly memoryBytes: number };
  /** Port of the service as its author knows it; on the process driver `PORT` names the real one. */
  readonly port: number;
  readonly healthCheck: HealthCheckSpec;
  readonly scaling: { readonly minTasks: number; readonly maxTasks: number };
  readonly deploy: DeploySpec;
  /** Names of buckets of this file. */
  readonly connectTo: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly volumeMounts: readonly VolumeMountSpec[];
  readonly filesystemMounts: readonly FilesystemMountSpec[];
  /** SIGTERM to SIGKILL. */
  readonly stopTimeoutMs: number;
}

export interface SourcePackaging {
  readonly type: 'source';
  readonly directory?: string | undefined;
  readonly entryfilePath?: string | undefined;
  readonly installCommand?: string | undefined;
  readonly buildCommand?: string | undefined;
  readonly startCommand?: string | undefined;
}

export interface HealthCheckSpec {
  /** `default` is TCP for what listens and `running` for workers. */
  readonly probe:
    | { readonly kind: 'http'; readonly path: string }
    | { readonly kind: 'command'; readonly command: string }
    | { readonly kind: 'tcp' }
    | { readonly kind: 'running' };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** How long a new instance may take until its first healthy answer. */
  readonly graceMs: number;
}

export interface DeploySpec {
  readonly strategy: 'rolling';
  /** Requests under way may take so long after their instance is taken out of routing. */
  readonly drainMs: number;
  /** How long the edge holds requests while an instance with a volume is replaced. */
  readonly holdMs: number;
}

export interface VolumeMountSpec {
  readonly volumeName: string;
  readonly mountPath: string;
}

export interface FilesystemMountSpec {
  readonly filesystemName: string;
  readonly mountPath: string;
  readonly rootDirectory?: string | undefined;
}
