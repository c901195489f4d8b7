/** What control asks of the objects role, over its socket (`core/rpc.ts`). Idempotent. */

export interface BucketInfo {
  readonly name: string;
  readonly createdAt: number;
  readonly objects: number;
  readonly bytes: number;
  readonly versioning: 'disabled' | 'enabled' | 'suspended';
  readonly accessibility: 'private' | 'public';
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ObjectAdmin {
  /**
   * Makes the bucket unless it is there; settings of an existing one are brought in line.
   * @throws HoldfastError `bucket.name` (S3 naming rules)
   */
  ensureBucket(input: {
    readonly name: string;
    readonly versioning?: boolean | undefined;
    readonly accessibility?: 'private' | 'public' | undefined;
  }): Promise<BucketInfo>;
  /** Deletes a bucket with all that is in it. Absent is no error. */
  destroyBucket(input: { readonly name: string }): Promise<void>;
  listBuckets(input: Record<string, never>): Promise<readonly BucketInfo[]>;
  /**
   * The key of `owner` (`<app>/<service>`), made at the first call, the same at every later one,
   * which reaches `buckets` and nothing else. `buckets: '*'` is an operator's key.
   */
  ensureKey(input: { readonly owner: string; readonly buckets: readonly string[] | '*' }): Promise<AccessKey>;
  /** Refused from now on. Absent is no error. */
  revokeKey(input: { readonly owner: string }): Promise<void>;
}
