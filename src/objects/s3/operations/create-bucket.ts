import type { ObjectOwnership } from '../../access/bucket-access.ts';
import type { BucketSource } from '../../store/bucket.ts';
import { requestedAcl } from '../acl.ts';
import { s3Errors } from '../errors.ts';
import { readMoment } from '../moment.ts';
import type { Operation, S3Request } from '../operation.ts';
import { findOwnership } from '../ownership.ts';
import { readOptionalXml } from '../request-xml.ts';
import { readNewBucketTags } from '../tagging.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

/** A location constraint is taken and means nothing: there is one region. */
export const createBucket: Operation = {
  name: 'CreateBucket',
  action: 'create-bucket',
  readsPast: true,
  async handle(request, { store }) {
    const { bucket, headers } = request;
    refuseUnsupportedHeaders(headers);
    refuseOtherKinds(headers);
    const access = accessDocuments(headers);
    const locks = readLocks(headers);
    const documents = await readConfiguration(request);
    const from = await readForkSource(request);
    await store.createBucket(bucket, {
      from,
      documents: { ...access, ...documents },
      ...(locks ? { objectLock: {} } : {}),
    });
    return { status: 200, headers: { location: `/${bucket}` } };
  },
};

/** Directory buckets, and names that are an account's own in a region, are other kinds of buckets. */
function refuseOtherKinds(headers: ReadonlyMap<string, string>): void {
  const namespace = headers.get('x-amz-bucket-namespace') ?? 'global';
  if (namespace !== 'global') throw s3Errors.notImplemented('the only namespace of buckets is global');
}

/** @throws HoldfastError `s3.invalid-argument` */
function readLocks(headers: ReadonlyMap<string, string>): boolean {
  const text = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw s3Errors.invalidArgument('x-amz-bucket-object-lock-enabled is true or false');
}

/** What its document says of the new bucket. @throws HoldfastError `s3.not-implemented`, as `readBucketTags` */
async function readConfiguration({ body }: S3Request): Promise<Readonly<Record<string, string>>> {
  const document = await readOptionalXml(await body(), 'CreateBucketConfiguration');
  if (!document) return {};
  if (document.all('Location').length > 0 || document.all('Bucket').length > 0) {
    throw s3Errors.notImplemented('directory buckets are not implemented');
  }
  const tags = readNewBucketTags(document);
  return tags.length === 0 ? {} : { tagging: JSON.stringify(tags) };
}

/** What the new bucket is to be a fork of. @throws HoldfastError `access.denied`, `s3.invalid-request` */
async function readForkSource({ headers, access }: S3Request): Promise<BucketSource | undefined> {
  const bucket = headers.get('x-holdfast-fork-of');
  const { snapshot, at } = readMoment(headers);
  if (at !== undefined) throw s3Errors.invalidRequest('a fork is made of a bucket as it is, or of a snapshot');
  if (bucket === undefined) {
    if (snapshot !== undefined) throw s3Errors.invalidRequest('x-holdfast-snapshot goes with x-holdfast-fork-of');
    return undefined;
  }
  await access.fork(bucket);
  return { bucket, snapshot };
}

/** `undefined`: none. */
function accessDocuments(headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> | undefined {
  const acl = requestedAcl(headers) ?? 'private';
  const ownership = requestedOwnership(headers.get('x-amz-object-ownership'));
  if (acl !== 'private' && ownership === 'BucketOwnerEnforced') {
    throw s3Errors.bucketAclWithOwnership('a bucket with BucketOwnerEnforced has no ACL but private');
  }
  if (acl === 'private' && ownership === undefined) return undefined;
  return {
    ...(acl === 'private' ? {} : { acl }),
    ...(ownership === undefined ? {} : { ownership }),
  };
}

function requestedOwnership(header: string | undefined): ObjectOwnership | undefined {
  if (header === undefined) return undefined;
  const ownership = findOwnership(header);
  if (!ownership) throw s3Errors.invalidArgument(`Invalid x-amz-object-ownership header: ${header.slice(0, 64)}`);
  return ownership;
}
