import { newId } from '../../../core/ids.ts';
import type { LifecycleFilter, LifecycleRule } from '../../lifecycle/lifecycle-rule.ts';
import { s3Errors } from '../errors.ts';
import { checkTag } from '../tagging.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

const MAX_RULES = 1000;
const MAX_ID_LENGTH = 255;
const MAX_NEWER_VERSIONS = 100;
const DAY_MS = 24 * 3600_000;
const malformed = s3Errors.malformedXml;

/**
 * Of a LifecycleConfiguration document (S3 API, PutBucketLifecycleConfiguration).
 * @throws HoldfastError `s3.malformed-xml`, `s3.invalid-argument`, `s3.invalid-request`, `s3.not-implemented`
 */
export function readLifecycleRules(document: XmlNode): readonly LifecycleRule[] {
  const rules = document.all('Rule').map(readRule);
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformed(`1 to ${MAX_RULES} rules are expected`);
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw s3Errors.invalidArgument('Rule ID must be unique. Found same ID for more than one rule');
  }
  return rules;
}

function readRule(node: XmlNode): LifecycleRule {
  for (const name of ['Transition', 'NoncurrentVersionTransition']) {
    if (node.all(name).length > 0) throw s3Errors.notImplemented('there is one storage class and no transition');
  }
  const id = node.text('ID') || newId('rule');
  if (id.length > MAX_ID_LENGTH) throw s3Errors.invalidArgument('ID length should not exceed allowed limit of 255');
  const status = node.text('Status')?.trim();
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed('the Status of a rule is Enabled or Disabled');
  const rule: LifecycleRule = {
    ...{ id, enabled: status === 'Enabled', ...readScope(node) },
    expiration: readExpiration(only(node, 'Expiration')),
    noncurrent: readNoncurrent(only(node, 'NoncurrentVersionExpiration')),
    abortUploadsDays: readAbort(only(node, 'AbortIncompleteMultipartUpload')),
  };
  checkActions(rule);
  return rule;
}

function checkActions({ filter, expiration, noncurrent, abortUploadsDays }: LifecycleRule): void {
  if (!expiration && !noncurrent && abortUploadsDays === undefined) {
    throw s3Errors.invalidRequest('At least one action needs to be specified in a rule');
  }
  const bySize = filter.largerThan !== undefined || filter.smallerThan !== undefined;
  if (filter.tags.length === 0 && !bySize) return;
  const what = bySize ? 'object size' : 'Tags';
  if (abortUploadsDays !== undefined) {
    throw s3Errors.invalidRequest(`AbortIncompleteMultipartUpload cannot be specified with ${what}`);
  }
  if (expiration && 'deleteMarkers' in expiration) {
    throw s3Errors.invalidRequest(`ExpiredObjectDeleteMarker cannot be specified with ${what}`);
  }
}

function readScope(node: XmlNode): Pick<LifecycleRule, 'filter' | 'oldForm'> {
  const filter = only(node, 'Filter');
  const prefix = node.text('Prefix');
  if ((filter === undefined) === (prefix === undefined)) throw malformed('a rule has a Filter or a Prefix');
  if (!filter) return { filter: { prefix, tags: [] }, oldForm: true };
  const and = only(filter, 'And');
  const predicates = readPredicates(and ?? filter);
  if (!and && countOf(predicates) > 1) throw malformed('a Filter with several conditions has them in And');
  return { filter: predicates };
}

function readPredicates(node: XmlNode): LifecycleFilter {
  const tags = node.all('Tag').map((tag) => {
    const key = tag.text('Key');
    const value = tag.text('Value');
    if (key === undefined || value === undefined) throw malformed('a Tag needs a Key and a Value');
    return checkTag({ key, value });
  });
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw s3Errors.invalidRequest('Duplicate Tag Keys are not allowed');
  }
  const filter: LifecycleFilter = {
    prefix: node.text('Prefix'),
    tags,
    largerThan: readNumber(node, 'ObjectSizeGreaterThan', 0),
    smallerThan: readNumber(node, 'ObjectSizeLessThan', 1),
  };
  const { largerThan = 0, smallerThan = Number.POSITIVE_INFINITY } = filter;
  if (largerThan >= smallerThan) {
    throw s3Errors.invalidRequest('ObjectSizeLessThan must be larger than ObjectSizeGreaterThan');
  }
  return filter;
}

function countOf({ prefix, tags, largerThan, smallerThan }: LifecycleFilter): number {
  return [prefix, largerThan, smallerThan].filter((one) => one !== undefined).length + tags.length;
}

function readExpiration(node: XmlNode | undefined): LifecycleRule['expiration'] {
  if (!node) return undefined;
  const days = readNumber(node, 'Days', 1);
  const date = node.text('Date')?.trim();
  const deleteMarkers = node.text('ExpiredObjectDeleteMarker')?.trim();
  if ([days, date, deleteMarkers].filter((one) => one !== undefined).length !== 1) {
    throw malformed('an Expiration has Days, a Date or ExpiredObjectDeleteMarker');
  }
  if (days !== undefined) return { days };
  if (date !== undefined) return { date: readMidnight(date) };
  if (deleteMarkers !== 'true' && deleteMarkers !== 'false') throw malformed('ExpiredObjectDeleteMarker is a boolean');
  return { deleteMarkers: deleteMarkers === 'true' };
}

function readMidnight(text: string): number {
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw malformed('a Date is in ISO 8601 format');
  if (time % DAY_MS !== 0) throw s3Errors.invalidArgument("'Date' must be at midnight GMT");
  return time;
}

function readNoncurrent(node: XmlNode | undefined): LifecycleRule['noncurrent'] {
  if (!node) return undefined;
  const days = readNumber(node, 'NoncurrentDays', 1);
  const newerVersions = readNumber(node, 'NewerNoncurrentVersions', 1);
  if (days === undefined) throw malformed('a NoncurrentVersionExpiration has NoncurrentDays');
  if ((newerVersions ?? 1) > MAX_NEWER_VERSIONS) {
    throw s3Errors.invalidArgument(`'NewerNoncurrentVersions' must be at most ${MAX_NEWER_VERSIONS}`);
  }
  return { days, newerVersions };
}

function readAbort(node: XmlNode | undefined): number | undefined {
  if (!node) return undefined;
  const days = readNumber(node, 'DaysAfterInitiation', 1);
  if (days === undefined) throw malformed('an AbortIncompleteMultipartUpload has DaysAfterInitiation');
  return days;
}

function readNumber(node: XmlNode, name: string, least: number): number | undefined {
  const text = node.text(name)?.trim();
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw malformed(`${name} is a number`);
  if (Number(text) < least) throw s3Errors.invalidArgument(`'${name}' must be at least ${least}`);
  return Number(text);
}

function only(node: XmlNode, name: string): XmlNode | undefined {
  const [first, ...more] = node.all(name);
  if (more.length > 0) throw malformed(`one ${name} is expected`);
  return first;
}

export function lifecycleRulesXml(rules: readonly LifecycleRule[]): XmlElements {
  return { Rule: rules.map(ruleXml) };
}

function ruleXml({ id, enabled, filter, oldForm, expiration, noncurrent, abortUploadsDays }: LifecycleRule) {
  return {
    ID: id,
    ...(oldForm ? { Prefix: filter.prefix } : { Filter: filterXml(filter) }),
    Status: enabled ? 'Enabled' : 'Disabled',
    Expiration: expiration && expirationXml(expiration),
    NoncurrentVersionExpiration: noncurrent && {
      NoncurrentDays: noncurrent.days,
      NewerNoncurrentVersions: noncurrent.newerVersions,
    },
    AbortIncompleteMultipartUpload:
      abortUploadsDays === undefined ? undefined : { DaysAfterInitiation: abortUploadsDays },
  };
}

function filterXml(filter: LifecycleFilter): XmlElements {
  const predicates = {
    Prefix: filter.prefix,
    Tag: filter.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ObjectSizeGreaterThan: filter.largerThan,
    ObjectSizeLessThan: filter.smallerThan,
  };
  return countOf(filter) > 1 ? { And: predicates } : predicates;
}

function expirationXml(expiration: NonNullable<LifecycleRule['expiration']>): XmlElements {
  if ('days' in expiration) return { Days: expiration.days };
  if ('date' in expiration) return { Date: new Date(expiration.date).toISOString() };
  return { ExpiredObjectDeleteMarker: expiration.deleteMarkers };
}
