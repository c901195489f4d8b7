import type { Bucket, ObjectLock } from './bucket.ts';
import { objectErrors } from './errors/object-errors.ts';
import type { HeaderChanges, ObjectMetadata } from './object.ts';

/** S3's object lock (S3 User Guide, "Locking objects with Object Lock"), kept in the headers of a version. */
export const LOCK_MODE = 'x-amz-object-lock-mode';
export const LOCK_UNTIL = 'x-amz-object-lock-retain-until-date';
export const LEGAL_HOLD = 'x-amz-object-lock-legal-hold';

type Headers = ObjectMetadata['headers'];

interface Target {
  readonly bucket: string;
  readonly key: string;
}

interface LockCheck {
  readonly now: number;
  readonly bypassGovernance?: boolean | undefined;
}

interface Retention {
  readonly mode: string;
  readonly until: number;
}

/** What time has ended protects no more. A mode or a date that cannot be read protects for ever. */
function retention(headers: Headers, now: number): Retention | undefined {
  const { [LOCK_MODE]: mode, [LOCK_UNTIL]: date } = headers;
  if (mode === undefined && date === undefined) return undefined;
  const until = Date.parse(date ?? '');
  return until <= now ? undefined : { mode: mode ?? '', until: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until };
}

export function isLocked({ headers }: ObjectMetadata, { now, bypassGovernance = false }: LockCheck): boolean {
  const active = retention(headers, now);
  return headers[LEGAL_HOLD] === 'ON' || (active !== undefined && !(bypassGovernance && active.mode === 'GOVERNANCE'));
}

/** @throws HoldfastError `object.locked` */
export function checkRemovable(target: Target, metadata: ObjectMetadata, check: LockCheck): void {
  if (isLocked(metadata, check)) throw objectErrors.locked(target.bucket, target.key);
}

/**
 * Retention may be made longer; anything else needs the right to bypass governance,
 * and where compliance is promised there is none.
 * @throws HoldfastError `object.locked`
 */
export function checkLockChange(
  target: Target,
  { before, after }: { readonly before: ObjectMetadata; readonly after: ObjectMetadata },
  { now, bypassGovernance = false }: LockCheck,
): void {
  const active = retention(before.headers, now);
  if (!active || (bypassGovernance && active.mode === 'GOVERNANCE')) return;
  const next = retention(after.headers, now);
  if (next?.mode !== active.mode || next.until < active.until) throw objectErrors.locked(target.bucket, target.key);
}

/** @throws HoldfastError `object.lock-unavailable` where headers ask for a lock and the bucket has none to give */
export function checkLockable(bucket: Bucket, headers: HeaderChanges): void {
  if (bucket.objectLock) return;
  const asked = [LOCK_MODE, LOCK_UNTIL, LEGAL_HOLD].some((name) => headers[name] !== undefined);
  if (asked) throw objectErrors.lockUnavailable(bucket.name);
}

const DAY_MS = 24 * 3600_000;

/** A new version's metadata: what the bucket promises for all, where the version asks for nothing itself. */
export function withDefaultRetention(bucket: Bucket, metadata: ObjectMetadata, now: number): ObjectMetadata {
  checkLockable(bucket, metadata.headers);
  const rule = bucket.objectLock?.defaultRetention;
  if (!rule || metadata.headers[LOCK_MODE] !== undefined) return metadata;
  const lock = { [LOCK_MODE]: rule.mode, [LOCK_UNTIL]: retainUntil(rule, now) };
  return { ...metadata, headers: { ...metadata.headers, ...lock } };
}

function retainUntil(rule: NonNullable<ObjectLock['defaultRetention']>, now: number): string {
  if (rule.unit === 'days') return new Date(now + rule.period * DAY_MS).toISOString();
  const date = new Date(now);
  date.setUTCFullYear(date.getUTCFullYear() + rule.period);
  return date.toISOString();
}

/** A lock belongs to a version; a copy is another one. */
export function withoutLock(metadata: ObjectMetadata): ObjectMetadata {
  const { [LOCK_MODE]: _mode, [LOCK_UNTIL]: _until, [LEGAL_HOLD]: _hold, ...headers } = metadata.headers;
  return { ...metadata, headers };
}
