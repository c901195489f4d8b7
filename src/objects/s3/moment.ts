import { AT_HEADER, namesMoment, SNAPSHOT_HEADER } from '../access/moment-headers.ts';
import type { Moment } from '../store/snapshot.ts';
import { s3Errors } from './errors.ts';

type Headers = ReadonlyMap<string, string>;

/** ISO 8601 with a time zone, as S3 writes times. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** When a read is to look: a snapshot, a time, or now. @throws HoldfastError `s3.invalid-argument` */
export function readMoment(headers: Headers): Moment {
  return { snapshot: headers.get(SNAPSHOT_HEADER), at: readTime(headers.get(AT_HEADER)) };
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw s3Errors.invalidArgument(`${AT_HEADER} must be a time as 2026-01-31T12:00:00Z`);
  return time;
}

interface AskedOperation {
  readonly name: string;
  readonly readsPast?: true;
}

/** To do it now would be something else than was asked. @throws HoldfastError `s3.invalid-request` */
export function refuseMoment({ name, readsPast }: AskedOperation, headers: Headers): void {
  if (!readsPast && namesMoment(headers)) throw s3Errors.invalidRequest(`${name} knows no time but now`);
}
