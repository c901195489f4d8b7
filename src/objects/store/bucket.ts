export type Versioning = 'disabled' | 'enabled' | 'suspended';

export interface BucketSettings {
  readonly versioning: Versioning;
  /** `public`: anyone may read objects. */
  readonly accessibility: 'private' | 'public';
  /**
   * Versions may be locked: a locked one is not removed, by nobody, nor is the bucket that has one.
   * Needs versioning, which a new bucket gets with it; neither can be turned off again.
   */
  readonly objectLock?: ObjectLock | undefined;
  /** Of what the bucket shows, as `usage` tells it. */
  readonly quota?: Quota | undefined;
}

/** What is not named is not limited. A quota may be less than what there is: then nothing more comes in. */
export interface Quota {
  readonly bytes?: number | undefined;
  readonly objects?: number | undefined;
}

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface ObjectLock {
  /** Of every new version that asks for no other. */
  readonly defaultRetention?:
    | { readonly mode: RetentionMode; readonly period: number; readonly unit: 'days' | 'years' }
    | undefined;
}

export interface Bucket extends BucketSettings {
  readonly name: string;
  readonly createdAt: number;
  /** What the bucket is a fork of; a snapshot by its id. */
  readonly forkOf?: BucketSource | undefined;
  /** What the layers above keep with the bucket, by name: policy, CORS rules and the like. */
  readonly documents?: Readonly<Record<string, string>> | undefined;
}

/** A bucket as it is, or as a snapshot of it shows it. */
export interface BucketSource {
  readonly bucket: string;
  /** Id or name. */
  readonly snapshot?: string | undefined;
}

export interface NewBucket extends BucketChanges {
  /**
   * Makes a fork: it begins with the objects and versions of another bucket, copies
   * nothing, and from then on neither sees what happens in the other. Metadata that is
   * changed in place in the other bucket is seen, as long as the fork did not change it.
   */
  readonly from?: BucketSource | undefined;
}

/** What is not named stays as it is. */
export interface BucketChanges extends Partial<BucketSettings> {
  /** By name; `undefined` removes one. All of a bucket's together take up to 256 KiB. */
  readonly documents?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Every stored version counts; delete markers do not. */
export interface Usage {
  readonly objects: number;
  readonly bytes: number;
}

export interface BucketUsage extends Usage {
  /** What the bucket shows no more and keeps for its snapshots and forks; absent where that is nothing. */
  readonly retained?: Usage | undefined;
}
