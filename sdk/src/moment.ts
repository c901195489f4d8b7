import { invalidArgument } from './errors.ts';

/** A snapshot, by id or name, or a time. */
export type Moment = string | Date;

/** As headers, or as parameters of a URL. */
export function momentFields(moment: Moment | undefined): Record<string, string> {
  if (moment === undefined) return {};
  if (typeof moment === 'string') return { 'x-holdfast-snapshot': moment };
  if (Number.isNaN(moment.getTime())) throw invalidArgument('the time to read at is none');
  return { 'x-holdfast-at': moment.toISOString() };
}
