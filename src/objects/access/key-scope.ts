/** What an operation does, as far as the scope of a key is concerned. */
export type Action =
  | 'list-buckets'
  | 'create-bucket'
  | 'delete-bucket'
  | 'find-bucket' // whether it is there, and where
  | 'administer-bucket' // what says who may do what
  | 'bypass-retention' // delete what governance retention keeps
  | 'read-bucket' // settings; with a key, what is said about the object but not its bytes
  | 'list-objects' // listings, by their prefix
  | 'configure-bucket' // what changes nobody's access
  | 'read-object'
  | 'write-object'; // put, delete, multipart

/** What a key may do with the objects of one bucket. */
export interface Grant {
  readonly bucket: string;
  /** Only keys that begin so, and nothing of the bucket itself but that it is there. Absent: the whole bucket. */
  readonly prefix?: string | undefined;
  readonly access: 'read' | 'write' | 'read-write';
}

/** Whose key it is and what it reaches. */
export interface KeyScope {
  readonly accessKeyId: string;
  /** `<app>/<service>`, `operator:<bucket>`, or `key:<name>` of one that somebody made. */
  readonly owner: string;
  /** `'*'` is an operator's, of everything. */
  readonly grants: readonly Grant[] | '*';
}

export interface ScopedRequest {
  readonly action: Action;
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  /** What a listing asks for; empty where nothing is said. */
  readonly prefix: string;
}

/** A bucket's own operator may too; nobody else, whatever they were granted. */
const OPERATOR_ACTIONS: ReadonlySet<Action> = new Set<Action>(['administer-bucket', 'bypass-retention']);

/**
 * A key reaches the objects of its buckets; making one of them is harmless,
 * deleting one and saying who may reach it is for operators: data outlives the
 * services that use it.
 */
export function scopeAllows(key: KeyScope, request: ScopedRequest): boolean {
  if (key.grants === '*' || request.action === 'list-buckets') return true; // which shows the key's own buckets only
  if (OPERATOR_ACTIONS.has(request.action) && !isOperator(key)) return false;
  return key.grants.some((grant) => grant.bucket === request.bucket && grantAllows(grant, request));
}

function grantAllows(grant: Grant, { action, key, prefix }: ScopedRequest): boolean {
  const within = (text: string) => text.startsWith(grant.prefix ?? '');
  switch (action) {
    case 'find-bucket':
      return true;
    case 'read-bucket': // of the bucket itself the key is empty, which is within no prefix
    case 'read-object':
      return grant.access !== 'write' && within(key);
    case 'list-objects':
      return grant.access !== 'write' && within(prefix);
    case 'write-object':
      return grant.access !== 'read' && within(key);
    case 'create-bucket':
    case 'configure-bucket':
    case 'administer-bucket':
    case 'bypass-retention':
      return grant.access === 'read-write' && grant.prefix === undefined;
    default:
      return false;
  }
}

/** Of everything, or as `operator:<bucket>` of one bucket; services are `<app>/<service>`. */
export function isOperator({ grants, owner }: KeyScope): boolean {
  return grants === '*' || owner.startsWith('operator:');
}

export function reachesBucket({ grants }: KeyScope, bucket: string): boolean {
  return grants === '*' || grants.some((grant) => grant.bucket === bucket);
}

/** Some keys of it at least: which ones, a request that names several in its body is asked for each. */
export function writesInto({ grants }: KeyScope, bucket: string): boolean {
  return grants === '*' || grants.some((grant) => grant.bucket === bucket && grant.access !== 'read');
}
