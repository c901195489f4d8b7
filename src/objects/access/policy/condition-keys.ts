/** The values a request has for a condition key (lower-case); none when it lacks it. */
export type ConditionContext = (key: string) => readonly string[];

/** Keys that requests here have values for. Another one would never hold, or always: it is refused. */
const KEYS: ReadonlySet<string> = new Set([
  'aws:currenttime',
  'aws:epochtime',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principaltype',
  'aws:referer',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceip',
  'aws:useragent',
  'aws:userid',
  'aws:username',
  's3:authtype',
  's3:delimiter',
  's3:if-match',
  's3:if-none-match',
  's3:max-keys',
  's3:object-lock-legal-hold',
  's3:object-lock-mode',
  's3:object-lock-remaining-retention-days',
  's3:object-lock-retain-until-date',
  's3:objectcreationoperation',
  's3:prefix',
  's3:requestobjecttagkeys',
  's3:resourceaccount',
  's3:signatureage',
  's3:signatureversion',
  's3:versionid',
  's3:x-amz-acl',
  's3:x-amz-content-sha256',
  's3:x-amz-copy-source',
  's3:x-amz-metadata-directive',
  's3:x-amz-object-ownership',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-customer-algorithm',
  's3:x-amz-storage-class',
  's3:x-amz-website-redirect-location',
]);
const TAG_KEY = /^s3:(?:existing|request)objecttag\/.+$/;
/** They have any number of values: a variable cannot stand for them. */
const MULTIVALUED: ReadonlySet<string> = new Set(['s3:requestobjecttagkeys']);

/** `key` in lower case. */
export function isConditionKey(key: string): boolean {
  return KEYS.has(key) || TAG_KEY.test(key);
}

export function isVariable(key: string): boolean {
  return isConditionKey(key) && !MULTIVALUED.has(key);
}
