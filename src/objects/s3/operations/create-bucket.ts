import { requestedAcl } from '../acl.ts';
import { s3Errors } from '../errors.ts';
import type { Operation } from '../operation.ts';
import { checkOwnership } from '../ownership.ts';
import { readXml } from '../request-xml.ts';
import { refuseUnsupportedHeaders } from '../unsupported.ts';

/** A location constraint is taken and means nothing: there is one region. */
export const createBucket: Operation = {
  name: 'CreateBucket',
  action: 'create-bucket',
  async handle(request, { store }) {
    const { bucket, headers } = request;
    refuseUnsupportedHeaders(headers);
    const documents = accessDocuments(headers);
    await readXml(request.body(), 'CreateBucketConfiguration', { optional: true });
    const locks = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
    await store.createBucket(bucket, { documents, ...(locks ? { objectLock: {} } : {}) });
    return { status: 200, headers: { location: `/${bucket}` } };
  },
};

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
