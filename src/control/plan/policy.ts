import { type BackoffOptions, backoff } from '../../core/retry.ts';

/** Starts that end in an exit before a deployment gives up. */
export const MAX_STARTS = 3;

/** What is checked by nothing but its running counts once it has run for so long, ms. */
export const STEADY_MS = 1000;

/** An instance that was well for so long starts its slot's count of failures anew, ms. */
const STABLE_MS = 60_000;

const RESTART: BackoffOptions = { initialMs: 500, maxMs: 60_000 };

/** From so many failures in a row on it is called a crash loop. */
export const CRASH_LOOP = 3;

/** Storage that cannot be provided for so long fails the deployment, ms. */
export const PROVISIONING_LIMIT_MS = 5 * 60_000;

/** Beyond what its instances may take by their own limits, ms. */
export const ROLLING_SLACK_MS = 5 * 60_000;

/** Instances above the wanted count while a rolling deploy replaces them: a quarter, at least one. */
export function surge(count: number): number {
  return Math.max(1, Math.ceil(count / 4));
}

/** Failures in a row after one more, and when the slot may be filled again. */
export function afterFailure(
  before: number,
  { wellForMs, now, exhausts }: { readonly wellForMs: number; readonly now: number; readonly exhausts: boolean },
): { readonly failures: number; readonly retryAt: number } {
  const counted = wellForMs >= STABLE_MS ? 1 : before + 1;
  const failures = exhausts ? Math.max(counted, MAX_STARTS) : counted;
  return { failures, retryAt: now + backoff(failures, RESTART) };
}
