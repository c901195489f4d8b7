import type { WebhookAdmin } from '../objects/webhook-contract.ts';
import type { AppSpec } from '../spec/app-spec.ts';
import type { MasterKeyRestoredView, MasterKeyRotationView, MasterKeyView } from './master-key-view.ts';
import type { ScrubView } from './scrub-view.ts';

/** Everything that the API offers, as one interface: routes translate HTTP to it, `createPlatform` is it. */

export type DeploymentStatus = 'building' | 'provisioning' | 'rolling' | 'succeeded' | 'rolled-back' | 'failed';

export interface DeploymentView {
  readonly id: string;
  readonly app: string;
  readonly release: number;
  readonly status: DeploymentStatus;
  /** For a person; why it is where it is. */
  readonly reason: string;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** Every transition, oldest first. */
  readonly transitions: readonly { readonly at: number; readonly status: DeploymentStatus; readonly reason: string }[];
}

export interface ReleaseView {
  /** 1, 2, 3 … within the app. */
  readonly version: number;
  readonly app: string;
  readonly createdAt: number;
  /** The outcome of its newest deployment. */
  readonly status: DeploymentStatus | 'superseded';
  readonly reason: string;
  /** The release that is serving. */
  readonly current: boolean;
}

export interface InstanceView {
  readonly id: string;
  readonly service: string;
  readonly release: number;
  readonly state: 'starting' | 'healthy' | 'unhealthy' | 'draining' | 'stopping' | 'exited';
  readonly reason: string;
  readonly startedAt: number;
  readonly restarts: number;
  readonly volumes: readonly string[];
}

export interface ServiceView {
  readonly name: string;
  readonly type: string;
  /** Public URL of a web service. */
  readonly url: string | null;
  readonly desired: number;
  /** Why there are fewer than wanted, back-off of a crash loop, missing volumes; empty when all is well. */
  readonly notice: string;
  readonly instances: readonly InstanceView[];
}

/** What is absent stays. */
export interface BucketChange {
  readonly accessibility?: 'private' | 'public' | undefined;
  /** Bytes that it may hold; `null` lifts the limit. */
  readonly quota?: number | null | undefined;
  /** In place of those before. */
  readonly domains?: readonly string[] | undefined;
}

export interface StorageView {
  readonly id: string;
  readonly app: string | null;
  readonly name: string;
  readonly kind: 'bucket' | 'volume' | 'filesystem';
  /** `detached`: no longer in the app file, kept. `destroyed`: recoverable until `purgeAt`. */
  readonly state: 'active' | 'detached' | 'destroyed';
  readonly purgeAt: number | null;
  readonly region: string | null;
  /** Of a bucket: what it may hold at most, where it has a quota. */
  readonly sizeBytes: number | null;
  readonly usedBytes: number | null;
  readonly attachedTo: string | null;
  /** Of a bucket that anyone may read, or that is a website. */
  readonly url: string | null;
  readonly createdAt: number;
}

export interface AppView {
  readonly name: string;
  readonly release: number | null;
  readonly deployment: DeploymentView | null;
  readonly services: readonly ServiceView[];
  readonly storage: readonly StorageView[];
  /** What a person should know: detached storage, drivers that cannot enforce something. */
  readonly notices: readonly string[];
}

export interface RegionView {
  readonly code: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

export interface BucketCredentials {
  readonly bucket: string;
  /** The other bucket, where one was asked for. */
  readonly from?: string | undefined;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An access key of the object store, without its secret. */
export interface KeyView {
  /** The access key id. */
  readonly id: string;
  /** `<app>/<service>`, `operator:<bucket>`, or `key:<name>` of one that was made on request. */
  readonly owner: string;
  /** `'*'`: everything. */
  readonly grants: readonly KeyGrantView[] | '*';
  readonly description: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** Its owner has this one instead; it goes on until it expires. */
  readonly replacedBy: string | null;
  /** Instances of its service that run with it; those of a replaced one get the new one at the next deployment. */
  readonly usedBy: readonly string[];
}

export interface KeyGrantView {
  readonly bucket: string;
  /** Only keys that begin so. */
  readonly prefix: string | null;
  readonly access: 'read' | 'write' | 'read-write';
}

export interface NewKeyView extends KeyView {
  readonly endpoint: string;
  readonly region: string;
  readonly secretAccessKey: string;
}

export interface DeployRequest {
  readonly spec: AppSpec;
  /** Path of the uploaded archive, inside the data directory; the platform takes it over. */
  readonly archivePath: string;
}

export interface LogLine {
  readonly instance: string;
  readonly service: string;
  readonly line: string;
}

export interface Platform {
  /** The object store keeps them itself. */
  readonly webhooks: WebhookAdmin;

  /** Records the deployment and answers at once; `deployment` tells how it goes. @throws HoldfastError `deployment.in-progress` */
  deploy(request: DeployRequest): Promise<DeploymentView>;
  deployment(id: string): Promise<DeploymentView>;
  /** Output of the build so far, from character `offset`. */
  buildLog(deployment: string, offset: number): Promise<{ readonly text: string; readonly next: number }>;
  /** Deploys a kept release again, without its source. */
  rollback(input: { readonly app: string; readonly release: number }): Promise<DeploymentView>;
  releases(app: string): Promise<readonly ReleaseView[]>;

  apps(): Promise<readonly AppView[]>;
  app(name: string): Promise<AppView>;
  /** Stops and forgets the services; storage becomes detached. */
  destroyApp(name: string): Promise<void>;
  scale(input: { readonly app: string; readonly service: string; readonly count: number }): Promise<AppView>;
  /** Stops and starts every instance of the app or of one service, as a rollout of the same release. */
  logs(input: {
    readonly app: string;
    readonly service?: string | undefined;
    readonly instance?: string | undefined;
    readonly tail?: number | undefined;
    readonly follow?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterable<LogLine>;

  secrets(
    app: string,
  ): Promise<readonly { readonly name: string; readonly version: number; readonly updatedAt: number }[]>;
  setSecrets(input: { readonly app: string; readonly values: Readonly<Record<string, string>> }): Promise<void>;
  unsetSecrets(input: { readonly app: string; readonly names: readonly string[] }): Promise<void>;

  regions(): Promise<readonly RegionView[]>;

  storage(input: {
    readonly kind?: StorageView['kind'] | undefined;
    readonly app?: string | undefined;
  }): Promise<readonly StorageView[]>;
  createBucket(input: {
    readonly name: string;
    readonly app?: string | undefined;
    readonly accessibility?: 'private' | 'public' | undefined;
    readonly versioning?: boolean | undefined;
    /** With versioning, and never off again. */
    readonly objectLock?: boolean | undefined;
    /** Bytes that it may hold. */
    readonly quota?: number | undefined;
    /** Shows index.html for `/` and for every path that ends in a slash. */
    readonly website?: boolean | undefined;
    /** Host names that lead to it, besides its own. */
    readonly domains?: readonly string[] | undefined;
    /** Makes it a fork of this bucket, or of its snapshot by id or name, with the versioning of it. */
    readonly from?: { readonly bucket: string; readonly snapshot?: string | undefined } | undefined;
  }): Promise<StorageView>;
  /** Of one that no app file has: what a file says is the file's. @throws HoldfastError `bucket.of-app-file` */
  updateBucket(input: BucketChange & { readonly id: string }): Promise<StorageView>;
  /** An operator's credentials for one bucket; with `from` for that one too, so that objects can be copied. */
  bucketCredentials(name: string, options?: { readonly from?: string | undefined }): Promise<BucketCredentials>;

  /** The check of everything that buckets hold, which runs by itself from time to time. */
  scrubReport(): Promise<ScrubView>;
  beginScrub(): Promise<void>;

  /** @throws HoldfastError `master-key.…` when the file is not as the next start needs it */
  masterKey(): Promise<MasterKeyView>;
  /**
   * Writes the file of the master key again, from memory, where it is gone or damaged.
   * @throws HoldfastError `master-key.other`, `master-key.record`, `master-key.not-restored`
   */
  restoreMasterKey(): Promise<MasterKeyRestoredView>;
  /**
   * Another master key, which has sealed everything when it resolves; the one before is needed no more. What is
   * encrypted is not touched, and goes on to be read and written meanwhile.
   * @throws HoldfastError `master-key.read-only`
   */
  rotateMasterKey(): Promise<MasterKeyRotationView>;

  keys(): Promise<readonly KeyView[]>;
  /** @throws HoldfastError `bucket.not-found`, `access.key-invalid` */
  createKey(input: {
    readonly grants:
      | readonly {
          readonly bucket: string;
          readonly prefix?: string | undefined;
          readonly access: KeyGrantView['access'];
        }[]
      | '*';
    readonly description?: string | undefined;
    readonly expiresInSeconds?: number | undefined;
  }): Promise<NewKeyView>;
  /**
   * Another key for the same owner, while this one goes on for a while, a day by default.
   * @throws HoldfastError `access.key-not-found`, `access.key-replaced`
   */
  rotateKey(input: { readonly id: string; readonly graceSeconds?: number | undefined }): Promise<NewKeyView>;
  /** At once. @throws HoldfastError `access.key-not-found` */
  revokeKey(id: string): Promise<void>;

  /** @throws HoldfastError `region.unknown` with the nearest one, `disk.full` */
  createVolume(input: {
    readonly name: string;
    readonly app?: string | undefined;
    readonly region?: string | undefined;
    readonly sizeBytes: number;
    readonly fromSnapshot?: string | undefined;
  }): Promise<StorageView>;
  extendVolume(input: { readonly id: string; readonly sizeBytes: number }): Promise<StorageView>;
  createFilesystem(input: { readonly name: string; readonly app?: string | undefined }): Promise<StorageView>;
  /**
   * Soft: recoverable for 24 h, at once with `now`. `id` is the id or, where it is clear, the name.
   * @throws HoldfastError `storage.in-use` while an instance holds it or the current release names it
   */
  destroyStorage(input: {
    readonly kind: StorageView['kind'];
    readonly id: string;
    readonly now: boolean;
  }): Promise<StorageView | null>;
  recoverStorage(input: { readonly kind: StorageView['kind']; readonly id: string }): Promise<StorageView>;

  snapshots(volume: string): Promise<readonly { readonly id: string; readonly createdAt: number }[]>;
  createSnapshot(volume: string): Promise<{ readonly id: string; readonly createdAt: number }>;
}
