import { accessErrors } from '../errors.ts';
import { seesExistingTags } from '../permissions.ts';
import { matchesWildcard } from '../wildcard.ts';
import type { Policy } from './policy.ts';
import { S3_ACTIONS } from './s3-actions.ts';

const named = (...names: string[]) => {
  const permissions = new Set(names.map((name) => `s3:${name.toLowerCase()}`));
  return (permission: string) => permissions.has(permission);
};

type Test = (permission: string) => boolean;

const isListing = named('ListBucket', 'ListBucketMultipartUploads', 'ListBucketVersions');
const isCreation = named('BypassGovernanceRetention', 'PutObject', 'ReplicateObject');
const takesLock = named('BypassGovernanceRetention', 'PutObject', 'PutObjectLegalHold', 'PutObjectRetention');
const takesTags = named(
  'BypassGovernanceRetention',
  'PutObject',
  'PutObjectTagging',
  'PutObjectVersionTagging',
  'ReplicateObject',
  'ReplicateTags',
);
const takesAcl = named(
  'BypassGovernanceRetention',
  'CreateBucket',
  'PutBucketAcl',
  'PutObject',
  'PutObjectAcl',
  'PutObjectVersionAcl',
  'ReplicateObject',
);
const namesVersion = (permission: string) =>
  /^s3:(?:\w+objectversion|\w+object(?:legalhold|retention)$)/.test(permission);

/**
 * Which requests can have a value, of keys that not all can have one of (Service Authorization Reference, "Condition
 * keys for Amazon S3"; S3 User Guide, "Tagging and access control policies"). Lower-case, as they begin.
 */
const OF_SOME: readonly (readonly [key: string, has: Test])[] = [
  ['s3:delimiter', isListing],
  ['s3:existingobjecttag/', seesExistingTags],
  ['s3:max-keys', isListing],
  ['s3:object-lock-', takesLock],
  ['s3:objectcreationoperation', isCreation],
  ['s3:prefix', isListing],
  ['s3:requestobjecttag', takesTags],
  ['s3:versionid', namesVersion],
  ['s3:x-amz-acl', takesAcl],
  ['s3:x-amz-copy-source', isCreation],
  ['s3:x-amz-metadata-directive', isCreation],
  ['s3:x-amz-object-ownership', named('CreateBucket')],
  ['s3:x-amz-storage-class', isCreation],
  ['s3:x-amz-website-redirect-location', isCreation],
];

/**
 * That each action of a statement can have what its conditions ask for: a Deny of `s3:DeleteObject` by the tags that the
 * object has would deny nothing. Policies that were taken before are not asked.
 * @throws HoldfastError `access.policy-malformed`
 */
export function checkApplicableKeys({ statements }: Policy): void {
  for (const { actions, conditions } of statements) {
    const each = actions.negated ? [] : actions.patterns.map(actionsOf);
    for (const [start, has] of OF_SOME) {
      const key = conditions.find((condition) => condition.key.startsWith(start))?.key;
      const without = key === undefined ? -1 : each.findIndex((names) => !names.some(has));
      if (without < 0) continue;
      throw accessErrors.policyMalformed(
        `Conditions do not apply to combination of actions and resources in statement: ${actions.patterns[without]} has no ${key}`,
      );
    }
  }
}

function actionsOf(pattern: string): readonly string[] {
  return S3_ACTIONS.flatMap(({ name }) => (matchesWildcard(pattern, name) ? [name] : []));
}
