import { aclLetsRead } from '../access/acl.ts';
import type { Identity } from '../access/authenticate.ts';
import { decideAccess } from '../access/authorize.ts';
import { bucketAccess } from '../access/bucket-access.ts';
import { accessErrors } from '../access/errors.ts';
import { type Action, writesInto } from '../access/key-scope.ts';
import { permissionsOf } from '../access/permissions.ts';
import type { ConditionContext } from '../access/policy/condition.ts';
import type { Bucket, ObjectInfo } from '../engine/object-store.ts';
import { objectAcl } from './metadata.ts';
import type { RoutedRequest } from './routed-request.ts';

interface Target {
  readonly bucket: string;
  readonly key: string;
}

interface AccessCheckOptions {
  readonly identity: Identity;
  readonly context: ConditionContext;
  readonly findBucket: (name: string) => Bucket | undefined;
}

const denied = () => accessErrors.denied('Access Denied');

/** May they? Asked for one request: by its target, then by what only its body or the object can tell. */
export class AccessCheck {
  readonly #options: AccessCheckOptions;
  #undecided = false;

  constructor(options: AccessCheckOptions) {
    this.#options = options;
  }

  /** Only the object's own ACL can allow it: whoever reads it must ask with `object` before answering. */
  get undecided(): boolean {
    return this.#undecided;
  }

  /** @throws HoldfastError `access.denied` */
  operation({ name, action }: { readonly name: string; readonly action: Action }, request: RoutedRequest): void {
    const bucket = this.#options.findBucket(request.bucket);
    if (name === 'DeleteObjects' && this.#mayWriteSome(request.bucket, bucket)) return;
    // Who makes a bucket public says who may do what in it.
    if (name === 'CreateBucket' && (request.headers.get('x-amz-acl') ?? 'private') !== 'private') {
      this.#demand('administer-bucket', 's3:PutBucketAcl', request);
    }
    for (const permission of permissionsOf({ ...request, operation: name })) {
      const decision = this.#decide(action, permission, request);
      if (decision === 'denied') throw denied();
      this.#undecided ||= decision === 'by-object-acl';
    }
  }

  /** @throws HoldfastError `access.denied` */
  copySource({ versionId, ...target }: Target & { readonly versionId?: string | undefined }): void {
    this.#demand('read-object', versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', target);
  }

  /** @throws HoldfastError `access.denied` */
  removal(target: Target, versionId: string | undefined): void {
    this.#demand('write-object', versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion', target);
  }

  /** @throws HoldfastError `access.denied` */
  object({ metadata }: Pick<ObjectInfo, 'metadata'>): void {
    if (this.#undecided && !aclLetsRead(objectAcl(metadata), this.#options.identity)) throw denied();
    this.#undecided = false;
  }

  /** A policy or a key may allow some keys and not others: each is asked for when the body has named them. */
  #mayWriteSome(name: string, bucket: Bucket | undefined): boolean {
    const { identity } = this.#options;
    return bucket?.documents?.policy !== undefined || (identity.kind === 'key' && writesInto(identity, name));
  }

  #demand(action: Action, permission: string, target: Target): void {
    if (this.#decide(action, permission, target) !== 'allowed') throw denied();
  }

  #decide(action: Action, permission: string, { bucket, key, query }: Target & Partial<RoutedRequest>) {
    const { identity, context, findBucket } = this.#options;
    const found = findBucket(bucket);
    const access = found && bucketAccess(found);
    const prefix = query?.get('prefix') ?? '';
    return decideAccess(identity, { action, bucket, key, prefix, permission, access, context });
  }
}
