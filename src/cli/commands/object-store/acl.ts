import { Argument, type Command } from 'commander';
import { versionQuery } from '../../../../sdk/src/object-version.ts';
import { type Answer, action, examples } from '../../action.ts';
import { checkedName, nameOfObject, type ObjectName, objectVersion } from './name-of-object.ts';
import { withBucketRequests } from './open-bucket.ts';

interface AclOptions {
  readonly versionId?: string;
}

/** Those that make a difference where everything has one owner. */
export const CANNED_ACLS = ['private', 'public-read', 'authenticated-read'] as const;
export type CannedAcl = (typeof CANNED_ACLS)[number];

/** Whom a canned ACL gives what the owner has, by the end of the group's URI (S3 User Guide, "Canned ACL"). */
const GROUPS = { AllUsers: 'public-read', AuthenticatedUsers: 'authenticated-read' } as const;

export function objectAcl(buckets: Command): void {
  const acl = buckets
    .command('acl')
    .description('the ACL of an object, or of a bucket: who may read it without a policy');
  printAcl(acl);
  setAcl(acl);
}

function printAcl(acl: Command): void {
  objectVersion(acl.command('get <bucket> [key]'))
    .description('print the ACL of an object, or without a key that of the bucket')
    .addHelpText('after', examples('object-store acl get my-app-images cat.jpg', 'object-store acl get my-app-images'))
    .action(
      action(async ({ api }, bucket: string, key: string | undefined, { versionId }: AclOptions) => {
        const name = checkedName({ bucket, key, versionId });
        const { text } = await withBucketRequests(api, bucket, (s3) =>
          s3.send({ method: 'GET', key, query: { acl: '', ...versionQuery(versionId) } }),
        );
        const canned = readAcl(text);
        return answer(name, canned, canned);
      }),
    );
}

function setAcl(acl: Command): void {
  objectVersion(acl.command('set <bucket>'))
    .description('let nobody, anyone or any key read an object, or without a key list the bucket')
    .addArgument(new Argument('<acl>').choices(CANNED_ACLS))
    .argument('[key]')
    .addHelpText(
      'after',
      examples('object-store acl set my-app-images public-read cat.jpg', 'object-store acl set my-app-images private'),
    )
    .action(
      action(async ({ api }, bucket: string, canned: CannedAcl, key: string | undefined, { versionId }: AclOptions) => {
        const name = checkedName({ bucket, key, versionId });
        const headers = { 'x-amz-acl': canned };
        await withBucketRequests(api, bucket, (s3) =>
          s3.send({ method: 'PUT', key, query: { acl: '', ...versionQuery(versionId) }, headers }),
        );
        return answer(name, canned, `The ACL of ${nameOfObject(name)} is ${canned}.`);
      }),
    );
}

function readAcl(document: string): CannedAcl {
  const group = Object.entries(GROUPS).find(([name]) => document.includes(`/groups/global/${name}<`));
  return group?.[1] ?? 'private';
}

function answer(name: ObjectName, acl: CannedAcl, text: string): Answer {
  return { data: { ...name, acl }, text };
}
