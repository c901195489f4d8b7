import { formatDuration } from '../../core/units.ts';

/** `3m ago`, `just now`: the largest unit says enough. */
export function ago(time: number, now: number = Date.now()): string {
  return now - time < 1000 ? 'just now' : `${largest(now - time)} ago`;
}

/** `in 23h`, `now` once it has come. */
export function until(time: number, now: number = Date.now()): string {
  return time <= now ? 'now' : `in ${largest(time - now)}`;
}

function largest(ms: number): string {
  return (formatDuration(ms).split(' ')[0] ?? '').replace(/\.\d+s$/, 's');
}
