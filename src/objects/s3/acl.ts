import type { CannedAcl } from '../access/acl.ts';
import { bucketAccess } from '../access/bucket-access.ts';
import { accessErrors } from '../access/errors.ts';
import type { Bucket } from '../store/bucket.ts';
import type { ReceivedBody } from './body/request-body.ts';
import { s3Errors } from './errors.ts';
import { readOptionalXml } from './request-xml.ts';
import { refuseGrants } from './unsupported.ts';
import type { XmlElements } from './xml.ts';
import type { XmlNode } from './xml-document.ts';

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
const AUTHENTICATED_USERS = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';
const OWNER_ID = 'holdfast';
/** Everything here has one owner: what gives the bucket's owner rights gives nobody else any. */
const OWNER_ACLS = ['private', 'bucket-owner-full-control', 'bucket-owner-read'];
const NOT_HERE = ['public-read-write', 'aws-exec-read', 'log-delivery-write'];

interface AclRequest {
  readonly headers: ReadonlyMap<string, string>;
  body(): Promise<ReceivedBody>;
}

/**
 * The ACL that a request asks for by header; `undefined` when it asks for none.
 * @throws HoldfastError `s3.invalid-argument`, `s3.not-implemented`
 */
export function requestedAcl(headers: ReadonlyMap<string, string>): CannedAcl | undefined {
  const acl = headers.get('x-amz-acl');
  if (acl === undefined) return undefined;
  if (OWNER_ACLS.includes(acl)) return 'private';
  if (acl === 'public-read' || acl === 'authenticated-read') return acl;
  if (NOT_HERE.includes(acl)) throw s3Errors.notImplemented(`the canned ACL "${acl}" is not implemented`);
  throw s3Errors.invalidArgument(`"${acl.slice(0, 64)}" is not a canned ACL`);
}

/**
 * Whether the bucket takes the ACL for itself or for an object of its.
 * @throws HoldfastError `s3.acl-not-supported`, `access.denied`
 */
export function checkAcl(bucket: Bucket, headers: ReadonlyMap<string, string>, acl = requestedAcl(headers)): void {
  if (acl === undefined) return;
  const { aclsDisabled, block } = bucketAccess(bucket);
  if (aclsDisabled && headers.get('x-amz-acl') !== 'bucket-owner-full-control') {
    throw s3Errors.aclNotSupported('the bucket does not allow ACLs');
  }
  if (block.blockPublicAcls && acl !== 'private') {
    throw accessErrors.denied('public ACLs are blocked by the public access block of the bucket');
  }
}

/**
 * The ACL of PutBucketAcl and PutObjectAcl: a header, or a document that says the same as a canned one.
 * @throws HoldfastError `s3.not-implemented`, `s3.malformed-acl`, `s3.unexpected-content`, `s3.missing-security-header`
 */
export async function readAcl({ headers, body }: AclRequest): Promise<CannedAcl> {
  refuseGrants(headers);
  const canned = requestedAcl(headers);
  const document = await readOptionalXml(await body(), 'AccessControlPolicy');
  if (canned && document) throw s3Errors.unexpectedContent('an ACL is a header or a document, not both');
  if (canned) return canned;
  if (!document) throw s3Errors.missingSecurityHeader('Your request was missing a required header: x-amz-acl');
  const [list] = document.all('AccessControlList');
  if (!list) throw s3Errors.malformedAcl('an AccessControlList is expected');
  const acls = new Set(list.all('Grant').map(grantedAcl));
  if (!acls.has('private')) throw notCanned(); // each of them gives the owner everything
  if (acls.has('public-read')) return 'public-read';
  return acls.has('authenticated-read') ? 'authenticated-read' : 'private';
}

const PERMISSIONS = ['FULL_CONTROL', 'READ', 'READ_ACP', 'WRITE', 'WRITE_ACP'];

function grantedAcl(grant: XmlNode): CannedAcl {
  const [grantee] = grant.all('Grantee');
  const permission = grant.text('Permission')?.trim() ?? '';
  if (!grantee || !PERMISSIONS.includes(permission)) {
    throw s3Errors.malformedAcl(`a Grant needs a Grantee and a Permission: ${PERMISSIONS.join(', ')}`);
  }
  if (grantee.text('ID')?.trim() === OWNER_ID && permission === 'FULL_CONTROL') return 'private';
  const group = grantee.text('URI')?.trim();
  if (group === ALL_USERS && permission === 'READ') return 'public-read';
  if (group === AUTHENTICATED_USERS && permission === 'READ') return 'authenticated-read';
  throw notCanned();
}

const notCanned = () =>
  s3Errors.notImplemented('grants beyond the canned ACLs are not implemented; use a bucket policy');

export function aclXml(acl: CannedAcl): XmlElements {
  const group = { 'public-read': ALL_USERS, 'authenticated-read': AUTHENTICATED_USERS, private: undefined }[acl];
  const owner = { ID: OWNER_ID, DisplayName: OWNER_ID };
  const grant = (type: string, who: XmlElements, permission: string) => ({
    [`Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}"`]: who,
    Permission: permission,
  });
  return {
    Owner: owner,
    AccessControlList: {
      Grant: [
        grant('CanonicalUser', owner, 'FULL_CONTROL'),
        ...(group === undefined ? [] : [grant('Group', { URI: group }, 'READ')]),
      ],
    },
  };
}
