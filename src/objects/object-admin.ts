import type { CorsRuleSpec, EventRuleSpec, LifecycleRuleSpec, LoggingSpec } from '../spec/app-spec.ts';
import type { Grant } from './access/key-scope.ts';
import type { ScrubReport } from './scrub/scrub-report.ts';

import type { WebhookAdmin } from './webhook-contract.ts';

/** What control asks of the objects role, over its socket (`core/rpc.ts`). Idempotent. */

export interface BucketInfo {
  readonly name: string;
  readonly createdAt: number;
  readonly objects: number;
  readonly bytes: number;
  /** How many bytes it may hold. */
  readonly quota?: number | undefined;
  readonly versioning: 'disabled' | 'enabled' | 'suspended';
  readonly accessibility: 'private' | 'public';
  readonly website: boolean;
  readonly domains: readonly string[];
  /** Name of the bucket that it is a fork of. */
  readonly forkOf?: string | undefined;
}

/** What a website shows for a directory, and in place of an error. */
interface WebsiteDocuments {
  readonly index: string;
  readonly error?: string | undefined;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What may be told of a key: all but its secret. */
export interface KeyInfo {
  readonly accessKeyId: string;
  /** `<app>/<service>`, `operator:<bucket>`, or `key:<name>` of one that was made on request. */
  readonly owner: string;
  /** `'*'`: everything, as an operator. */
  readonly grants: readonly Grant[] | '*';
  readonly createdAt: number;
  readonly description?: string | undefined;
  readonly expiresAt?: number | undefined;
  /** Its owner has another key; this one goes on until it expires. */
  readonly replacedBy?: string | undefined;
}

/** The only time that the secret is told. */
export type NewKey = KeyInfo & AccessKey;

/** Keys that people make, and what can be done with every key. Durable, and in force, when it is answered. */
export interface KeyAdmin {
  /** @throws HoldfastError `access.key-invalid` */
  createKey(input: {
    readonly grants: readonly Grant[] | '*';
    readonly description?: string | undefined;
    readonly expiresAt?: number | undefined;
  }): Promise<NewKey>;
  /** Every key, also the expired ones of the last week. */
  listKeys(input: Record<string, never>): Promise<readonly KeyInfo[]>;
  /**
   * A second key for the same owner, which `ensureKey` gives from then on; the first goes on for `graceMs`.
   * Not idempotent.
   * @throws HoldfastError `access.key-not-found`, `access.key-replaced`
   */
  rotateKey(input: { readonly accessKeyId: string; readonly graceMs: number }): Promise<NewKey>;
  /** One key, refused from now on. @throws HoldfastError `access.key-not-found` */
  revokeAccessKey(input: { readonly accessKeyId: string }): Promise<void>;
}

export interface ScrubAdmin {
  /** A pass begins, unless one is under way. */
  beginScrub(input: Record<string, never>): Promise<void>;
  scrubReport(input: Record<string, never>): Promise<ScrubReport>;
}

/** How many there are. */
export interface Resealed {
  readonly buckets: number;
  readonly accessKeys: number;
  readonly webhooks: number;
}

interface SealAdmin {
  /** Reads the master key anew and seals everything of the object store by it, durably: no earlier one is needed then. */
  reseal(input: Record<string, never>): Promise<Resealed>;
}

export interface ObjectAdmin extends KeyAdmin, ScrubAdmin, SealAdmin, WebhookAdmin {
  /**
   * Makes the bucket unless it is there; settings of an existing one are brought in line.
   * @throws HoldfastError `bucket.name` (S3 naming rules), `bucket.domain-taken`, `webhook.not-found`,
   * `s3.invalid-logging-target`
   */
  ensureBucket(input: {
    readonly name: string;
    /** One that is made is a fork of this bucket, or of its snapshot by id or name; one that is there stays what it is. */
    readonly from?: { readonly bucket: string; readonly snapshot?: string | undefined } | undefined;
    readonly versioning?: boolean | undefined;
    /** Turns it on, with versioning; it is never off again. */
    readonly objectLock?: boolean | undefined;
    readonly accessibility?: 'private' | 'public' | undefined;
    /** Bytes; `null` lifts the limit. */
    readonly quota?: number | null | undefined;
    /** `null` takes its website configuration away. */
    readonly website?: WebsiteDocuments | null | undefined;
    /** In place of those before; `null` takes them away. */
    readonly cors?: readonly CorsRuleSpec[] | null | undefined;
    readonly lifecycle?: readonly LifecycleRuleSpec[] | null | undefined;
    readonly events?: readonly EventRuleSpec[] | null | undefined;
    readonly logging?: LoggingSpec | null | undefined;
    /** Host names, lower-case, that lead to it; in place of those before. */
    readonly domains?: readonly string[] | undefined;
    /** Nobody reads it or writes into it, whatever keys, policies and ACLs say, until it is opened again. */
    readonly closed?: boolean | undefined;
  }): Promise<BucketInfo>;
  /** Deletes a bucket with all that is in it, and takes it from the keys that are no service's. Absent is no error. */
  destroyBucket(input: { readonly name: string }): Promise<void>;
  listBuckets(input: Record<string, never>): Promise<readonly BucketInfo[]>;
  /**
   * The key of `owner` (`<app>/<service>`), made at the first call, the same at every later one until
   * it is rotated, which reaches `buckets` and nothing else. `buckets: '*'` is an operator's key.
   */
  ensureKey(input: { readonly owner: string; readonly buckets: readonly string[] | '*' }): Promise<AccessKey>;
  /** All that the owner has, refused from now on. Absent is no error. */
  revokeKey(input: { readonly owner: string }): Promise<void>;
}
