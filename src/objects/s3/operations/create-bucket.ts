import type { BucketSource } from '../../store/bucket.ts';
import { requestedAcl } from '../acl.ts';
import { s3Errors } from '../errors.ts';
import { readMoment } from '../moment.ts';
import type { Operation, S3Request } from '../operation.ts';
import { checkOwnership } from '../ownership.ts';
import { readXml } from '../request-xml.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

/** A location constraint is taken and means nothing: there is one region. */
export const createBucket: Operation = {
  name: 'CreateBucket',
  action: 'create-bucket',
  readsPast: true,
  async handle(request, { store }) {
    const { bucket, headers } = request;
    refuseUnsupportedHeaders(headers);
    const documents = accessDocuments(headers);
    await readXml(await request.body(), 'CreateBucketConfiguration', { optional: true });
    const locks = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
    const from = await readForkSource(request);
    await store.createBucket(bucket, { from, documents, ...(locks ? { objectLock: {} } : {}) });
    return { status: 200, headers: { location: `/${bucket}` } };
  },
};

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
  const ownership = headers.get('x-amz-object-ownership');
  if (acl !== 'private' && ownership === 'BucketOwnerEnforced') {
    throw s3Errors.bucketAclWithOwnership('a bucket with BucketOwnerEnforced has no ACL but private');
  }
  if (acl === 'private' && ownership === undefined) return undefined;
  return {
    ...(acl === 'private' ? {} : { acl }),
    ...(ownership === undefined ? {} : { ownership: checkOwnership(ownership) }),
  };
}
