import { aclLetsRead } from '../access/acl.ts';
import type { Identity } from '../access/authenticate.ts';
import { type Decision, decideAccess } from '../access/authorize.ts';
import { type BucketAccess, bucketAccess } from '../access/bucket-access.ts';
import { accessErrors } from '../access/errors.ts';
import { type Action, writesInto } from '../access/key-scope.ts';
import { comparesObject, needsKey, objectPermission, permissionsOf, seesExistingTags } from '../access/permissions.ts';
import type { ConditionContext } from '../access/policy/condition-keys.ts';
import { policyAsks, policyMayAllow } from '../access/policy/policy.ts';
import { withLock, withPrefix, withTags, withVersion } from '../access/request-context.ts';
import { objectTags, type Tag } from '../object-tags.ts';
import type { Bucket } from '../store/bucket.ts';
import type { HeaderChanges, ObjectInfo, ReadRef } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { objectAcl } from './metadata.ts';
import { readMoment } from './moment.ts';
import type { RoutedRequest } from './routed-request.ts';

interface Target extends ReadRef {
  readonly bucket: string;
  readonly key: string;
}

type ObjectRequest = Pick<RoutedRequest, 'bucket' | 'key' | 'query'>;

type BypassRequest = Pick<RoutedRequest, 'bucket' | 'headers'>;

interface AccessCheckOptions {
  readonly identity: Identity;
  readonly context: ConditionContext;
  readonly findBucket: (name: string) => Bucket | undefined;
  /** Those that the object has: asked for only where the bucket's policy does. */
  readonly findTags: (target: Target) => Promise<readonly Tag[]>;
}

/** Condition keys whose values the body has, by operation: its permission is asked for when that is read. */
const NAMED_BY_BODY: Readonly<Record<string, string>> = {
  PutObjectLegalHold: 's3:object-lock-',
  PutObjectRetention: 's3:object-lock-',
  PutObjectTagging: 's3:requestobjecttag',
};

const REMOVALS = ['s3:DeleteObject', 's3:DeleteObjectVersion'];

const denied = () => accessErrors.denied('Access Denied');

/** The check of one request to what the store has. */
export function accessTo(store: ObjectStore, who: Pick<AccessCheckOptions, 'identity' | 'context'>): AccessCheck {
  return new AccessCheck({
    ...who,
    findBucket: (name) => store.bucket(name),
    findTags: async ({ bucket, key, ...ref }) => {
      const version = await store.findVersion(bucket, key, ref);
      return version ? objectTags(version.metadata) : [];
    },
  });
}

/** May they? Asked for one request: by its target, then by what only its body or the object can tell. */
export class AccessCheck {
  readonly #options: AccessCheckOptions;
  #undecided = false;
  #aclRequired = false;
  #lock: HeaderChanges | undefined;

  constructor(options: AccessCheckOptions) {
    this.#options = options;
  }

  /** Only the object itself can allow it: whoever reads it must ask with `object` before answering. */
  get undecided(): boolean {
    return this.#undecided;
  }

  /** Nothing but an ACL allows it, if anything does. */
  get aclRequired(): boolean {
    return this.#aclRequired;
  }

  /** @throws HoldfastError `access.denied` */
  async operation(
    { name, action }: { readonly name: string; readonly action: Action },
    request: RoutedRequest,
  ): Promise<void> {
    const { bucket, key, query, headers } = request;
    if (this.#options.identity.kind !== 'key' && needsKey(name)) {
      throw accessErrors.denied('Anonymous users can neither copy nor begin an upload by parts. Please authenticate.');
    }
    const moment = readMoment(headers);
    const target = { bucket, key, versionId: query.get('versionId'), ...moment, prefix: query.get('prefix') };
    if (name === 'DeleteObjects' && this.#mayWriteSome(bucket)) return;
    const inBody = NAMED_BY_BODY[name];
    if (inBody !== undefined && this.#policyAsks(bucket, inBody)) return; // `tagging` and `locking` ask
    // Who makes a bucket public says who may do what in it.
    if (name === 'CreateBucket' && (headers.get('x-amz-acl') ?? 'private') !== 'private') {
      await this.#demand('administer-bucket', 's3:PutBucketAcl', target);
    }
    for (const permission of permissionsOf({ operation: name, query, headers })) {
      const decision = await this.#decide(action, permission, target);
      if (decision === 'denied') throw denied();
      this.#undecided ||= decision === 'by-object';
      this.#aclRequired ||= decision === 'by-bucket-acl' || (this.#undecided && this.#aclsCount(bucket));
    }
    if (comparesObject({ operation: name, headers }))
      await this.comparison({ bucket, key, versionId: target.versionId });
  }

  /** @throws HoldfastError `access.denied` */
  async copySource(source: Target, name: 'GetObject' | 'GetObjectTagging'): Promise<void> {
    const action = name === 'GetObject' ? 'read-object' : 'read-bucket';
    await this.#demand(action, objectPermission(name, source), source);
  }

  /**
   * That all of the bucket goes into a fork, where its policy says nothing any more: where
   * there is one, only who could change it may. @throws HoldfastError `access.denied`
   */
  async fork(bucket: string): Promise<void> {
    const action = this.#access(bucket)?.policy ? 'administer-bucket' : 'read-bucket';
    await this.#demand(action, 's3:GetObjectVersion', { bucket, key: '' });
  }

  /**
   * That the log of another bucket is written into this one: by nobody who could not do as much for this bucket.
   * @throws HoldfastError `access.denied`
   */
  async logTarget(bucket: string): Promise<void> {
    await this.#demand('administer-bucket', 's3:PutBucketLogging', { bucket, key: '' });
  }

  /** @throws HoldfastError `access.denied` */
  async removal(target: Target): Promise<void> {
    await this.#demand('write-object', objectPermission('DeleteObject', target), target);
  }

  /** That a write goes by what is in the object, and so tells of it. @throws HoldfastError `access.denied` */
  async comparison(target: Target): Promise<void> {
    await this.#demand('read-object', objectPermission('GetObject', target), target);
  }

  /** That an object gets these tags, which only the body named, or the source of a copy has. @throws HoldfastError `access.denied` */
  async tagging({ bucket, key, query }: ObjectRequest, tags: readonly Tag[]): Promise<void> {
    const target = { bucket, key, versionId: query.get('versionId') };
    await this.#demand('write-object', objectPermission('PutObjectTagging', target), target, tags);
  }

  /** That an object gets this lock, which only the body named. @throws HoldfastError `access.denied` */
  async locking(
    { bucket, key, query }: ObjectRequest,
    name: 'PutObjectRetention' | 'PutObjectLegalHold',
    lock: HeaderChanges,
  ): Promise<void> {
    this.#lock = lock;
    await this.#demand('write-object', `s3:${name}`, { bucket, key, versionId: query.get('versionId') });
  }

  /** Who may read an object need not know all that is said of it. */
  async mayKnow({ bucket, key, query }: ObjectRequest, name: `GetObject${string}`): Promise<boolean> {
    const target = { bucket, key, versionId: query.get('versionId') };
    return (await this.#decide('read-bucket', objectPermission(name, target), target)) === 'allowed';
  }

  /** Whoever may list objects is told that one is not there (S3 API, GetObject), whoever may list versions of a version. */
  async mayMiss({ bucket, key, query }: ObjectRequest): Promise<boolean> {
    const permission = query.has('versionId') ? 's3:ListBucketVersions' : 's3:ListBucket';
    const decision = await this.#decide('list-objects', permission, { bucket, key: '', prefix: key });
    return decision === 'allowed' || decision === 'by-bucket-acl';
  }

  /**
   * Asks for it and may: operators, and whom a policy lets. Tools ask by default, so that one who may not
   * is no error; the lock will be (S3 User Guide, "Bypassing governance mode").
   */
  async mayBypassGovernance({ bucket, headers }: BypassRequest, key: string): Promise<boolean> {
    if (headers.get('x-amz-bypass-governance-retention')?.toLowerCase() !== 'true') return false;
    const decision = await this.#decide('bypass-retention', 's3:BypassGovernanceRetention', { bucket, key });
    return decision === 'allowed';
  }

  /** @throws HoldfastError `access.denied` */
  object({ metadata }: Pick<ObjectInfo, 'metadata'>): void {
    if (this.#undecided && !(this.#aclRequired && aclLetsRead(objectAcl(metadata), this.#options.identity))) {
      throw denied();
    }
    this.#undecided = false;
  }

  /** A policy or a key may allow some keys and not others: each is asked for when the body has named them. */
  #mayWriteSome(bucket: string): boolean {
    const { identity } = this.#options;
    if (identity.kind === 'key' && writesInto(identity, bucket)) return true;
    const policy = this.#access(bucket)?.policy;
    return policy !== undefined && policyMayAllow(policy, identity, REMOVALS);
  }

  async #demand(action: Action, permission: string, target: Target, tags?: readonly Tag[]): Promise<void> {
    if ((await this.#decide(action, permission, target, tags)) !== 'allowed') throw denied();
  }

  /** `tags`: of the request, where its headers do not say them. */
  async #decide(
    action: Action,
    permission: string,
    { bucket, key, versionId, snapshot, at, prefix }: Target & { readonly prefix?: string | undefined },
    tags?: readonly Tag[],
  ): Promise<Exclude<Decision, 'closed'>> {
    const { identity, context, findTags } = this.#options;
    const asksForTags = seesExistingTags(permission) && this.#policyAsks(bucket, 's3:existingobjecttag/');
    const existing = asksForTags ? await findTags({ bucket, key, versionId, snapshot, at }) : undefined;
    const asked = withLock(withPrefix(withVersion(context, versionId), prefix), this.#lock, Date.now());
    const decision = decideAccess(identity, {
      action,
      bucket,
      key,
      prefix: prefix ?? '',
      permission,
      past: (snapshot ?? at) !== undefined,
      access: this.#access(bucket),
      context: withTags(withTags(asked, 'request', tags), 'existing', existing),
    });
    if (decision === 'closed') throw accessErrors.bucketClosed(bucket);
    return decision;
  }

  #policyAsks(bucket: string, key: string): boolean {
    const policy = this.#access(bucket)?.policy;
    return policy !== undefined && policyAsks(policy, key);
  }

  #aclsCount(bucket: string): boolean {
    return this.#access(bucket)?.aclsCount ?? false;
  }

  #access(name: string): BucketAccess | undefined {
    const bucket = this.#options.findBucket(name);
    return bucket && bucketAccess(bucket);
  }
}
