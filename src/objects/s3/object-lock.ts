import type { Bucket, ObjectLock, RetentionMode } from '../store/bucket.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import type { HeaderChanges, ObjectMetadata } from '../store/object.ts';
import { checkLockable, LEGAL_HOLD, LOCK_MODE, LOCK_UNTIL } from '../store/object-lock.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { requireBucket } from './bucket.ts';
import { announcedAlgorithm } from './checksums/checksums.ts';
import { s3Errors } from './errors.ts';
import type { XmlElements } from './xml.ts';
import type { XmlNode } from './xml-document.ts';

type Headers = ReadonlyMap<string, string>;

export const LOCK_HEADERS = [LOCK_MODE, LOCK_UNTIL, LEGAL_HOLD] as const;

/**
 * What a request asks for by `x-amz-object-lock-…` (S3 API, PutObject), to be kept with the object.
 * @throws HoldfastError `s3.invalid-argument`
 */
export function lockAttributes(headers: Headers): HeaderChanges {
  const mode = headers.get(LOCK_MODE);
  const date = headers.get(LOCK_UNTIL);
  const hold = headers.get(LEGAL_HOLD);
  if ((mode === undefined) !== (date === undefined)) {
    throw s3Errors.invalidArgument(`${LOCK_UNTIL} and ${LOCK_MODE} must both be supplied`);
  }
  if (mode !== undefined && !isMode(mode)) throw s3Errors.invalidArgument('Unknown wormMode directive.');
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF') {
    throw s3Errors.invalidArgument("Legal Hold must be either of 'ON' or 'OFF'");
  }
  return { [LOCK_MODE]: mode, [LOCK_UNTIL]: date === undefined ? undefined : futureDate(date), [LEGAL_HOLD]: hold };
}

function isMode(text: string | undefined): text is RetentionMode {
  return text === 'GOVERNANCE' || text === 'COMPLIANCE';
}

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

function futureDate(text: string): string {
  const time = ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw s3Errors.invalidArgument('The retain until date must be provided in ISO 8601 format');
  if (time <= Date.now()) throw s3Errors.invalidArgument('The retain until date must be in the future!');
  return new Date(time).toISOString();
}

/**
 * Before a body is taken: whether the bucket has the lock that is asked for. An upload that will be locked must
 * prove that it arrives as it was sent (S3 User Guide, "Uploading objects to an Object Lock enabled bucket"); a
 * trailer is proof too.
 * @throws HoldfastError `object.lock-unavailable`, `s3.invalid-request`
 */
export function checkLockedUpload(bucket: Bucket, headers: Headers): void {
  const isAsked = LOCK_HEADERS.some((name) => headers.has(name));
  if (isAsked) checkLockable(bucket, lockAttributes(headers));
  if (!(isAsked || bucket.objectLock?.defaultRetention) || headers.has('content-md5')) return;
  if (announcedAlgorithm(headers)) return;
  throw s3Errors.invalidRequest(
    'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
  );
}

/** Of a Retention document; one that is empty takes the retention away. @throws HoldfastError `s3.malformed-xml`, `s3.invalid-argument` */
export function readRetention(document: XmlNode): HeaderChanges {
  const mode = document.text('Mode')?.trim();
  const date = document.text('RetainUntilDate')?.trim();
  if (!mode && !date) return { [LOCK_MODE]: undefined, [LOCK_UNTIL]: undefined };
  if (!isMode(mode) || !date) throw s3Errors.malformedXml('a Retention has a Mode and a RetainUntilDate');
  return { [LOCK_MODE]: mode, [LOCK_UNTIL]: futureDate(date) };
}

/** `undefined` where there is none. */
export function retentionXml({ headers }: ObjectMetadata): XmlElements | undefined {
  const { [LOCK_MODE]: mode, [LOCK_UNTIL]: date } = headers;
  return mode === undefined ? undefined : { Mode: mode, RetainUntilDate: date };
}

export function readLegalHold(document: XmlNode): HeaderChanges {
  const status = document.text('Status')?.trim();
  if (status !== 'ON' && status !== 'OFF') throw s3Errors.malformedXml('the Status of a LegalHold is ON or OFF');
  return { [LEGAL_HOLD]: status };
}

export function legalHoldXml({ headers }: ObjectMetadata): XmlElements | undefined {
  const status = headers[LEGAL_HOLD];
  return status === undefined ? undefined : { Status: status };
}

/** S3's limits: a hundred years. */
const LONGEST = { days: 36_500, years: 100 } as const;

/** @throws HoldfastError `s3.malformed-xml`, `s3.invalid-retention-period` */
export function readLockConfiguration(document: XmlNode): ObjectLock {
  if (document.text('ObjectLockEnabled')?.trim() !== 'Enabled') {
    throw s3Errors.malformedXml('ObjectLockEnabled is Enabled');
  }
  const [rule] = document.all('Rule');
  if (!rule) return {};
  const [retention] = rule.all('DefaultRetention');
  const mode = retention?.text('Mode')?.trim();
  const days = retention?.text('Days')?.trim();
  const years = retention?.text('Years')?.trim();
  if (!isMode(mode) || (days === undefined) === (years === undefined)) {
    throw s3Errors.malformedXml('a DefaultRetention has a Mode and either Days or Years');
  }
  const unit = days === undefined ? 'years' : 'days';
  return { defaultRetention: { mode, unit, period: readPeriod(days ?? years ?? '', LONGEST[unit]) } };
}

function readPeriod(text: string, longest: number): number {
  if (!/^-?\d{1,9}$/.test(text)) throw s3Errors.malformedXml('a retention period is a number');
  const period = Number(text);
  if (period < 1) throw s3Errors.invalidRetentionPeriod('Default retention period must be a positive integer value');
  if (period > longest) throw s3Errors.invalidRetentionPeriod('Default retention period too large');
  return period;
}

export function lockConfigurationXml({ defaultRetention: rule }: ObjectLock): XmlElements {
  const period = rule && { [rule.unit === 'days' ? 'Days' : 'Years']: rule.period };
  return {
    ObjectLockEnabled: 'Enabled',
    Rule: rule && { DefaultRetention: { Mode: rule.mode, ...period } },
  };
}

/** @throws HoldfastError `object.lock-unavailable` */
export function requireObjectLock(store: ObjectStore, bucket: string): void {
  if (!requireBucket(store, bucket).objectLock) throw objectErrors.lockUnavailable(bucket);
}

type LockPermission = 'GetObjectRetention' | 'GetObjectLegalHold';

/** What GetObject and HeadObject tell of a lock, to whoever may know. */
export async function lockAnswer(
  { headers }: ObjectMetadata,
  mayKnow: (permission: LockPermission) => Promise<boolean>,
): Promise<Record<string, string>> {
  const answer: Record<string, string> = {};
  const { [LOCK_MODE]: mode, [LOCK_UNTIL]: until, [LEGAL_HOLD]: hold } = headers;
  if (mode !== undefined && until !== undefined && (await mayKnow('GetObjectRetention'))) {
    Object.assign(answer, { [LOCK_MODE]: mode, [LOCK_UNTIL]: until });
  }
  if (hold !== undefined && (await mayKnow('GetObjectLegalHold'))) answer[LEGAL_HOLD] = hold;
  return answer;
}
