import { invalidValue, type Path } from '../schema/validate.ts';
import type { FlyDraft } from './fly-draft.ts';
import type { FlyFile } from './fly-schema.ts';
import { flyDuration, flyMilliseconds } from './fly-units.ts';

type HttpService = NonNullable<FlyFile['http_service']>;
type Check = NonNullable<HttpService['checks']>[number];

/** The keys of a web service that `[http_service]` gives, below `path`. */
export function webKeys(draft: FlyDraft, path: Path, fly: FlyFile): Record<string, unknown> {
  const http = fly.http_service ?? {};
  noteWhatDoesNothing(draft, http);
  const tasks = Math.max(1, http.min_machines_running ?? 1);
  const minTasks = draft.made([...path, 'scaling', 'minTasks'], tasks, ['http_service', 'min_machines_running']);
  return {
    ...draft.key([...path, 'port'], http.internal_port, ['http_service', 'internal_port']),
    ...(tasks > 1 && { scaling: { minTasks, maxTasks: Math.max(10, tasks) } }),
    healthCheck: healthCheck(draft, [...path, 'healthCheck'], fly),
  };
}

function noteWhatDoesNothing(draft: FlyDraft, http: HttpService): void {
  if (http.force_https) draft.notice('http_service.force_https has no effect: HTTPS is not available yet');
  if (http.min_machines_running === 0) {
    draft.notice('http_service.min_machines_running is 0: one instance runs all the same');
  }
  if (http.auto_stop_machines && http.auto_stop_machines !== 'off') {
    draft.notice('http_service.auto_stop_machines has no effect: instances keep running');
  }
}

function healthCheck(draft: FlyDraft, path: Path, fly: FlyFile): Record<string, unknown> {
  const [check, second] = fly.http_service?.checks ?? [];
  if (second) {
    const message = 'more than one health check is not available yet';
    draft.problems.push({ ...invalidValue(['http_service', 'checks', 1], message), kind: 'not-available' });
  }
  const grace = { ...draft.key([...path, 'gracePeriod'], gracePeriod(check, fly), gracePeriodOrigin(fly)) };
  if (!check) return grace;
  const origin: Path = ['http_service', 'checks', 0];
  const timing = (key: 'interval' | 'timeout', leastMs: number) =>
    draft.key([...path, key], atLeast(draft, { key, value: check[key], leastMs }), [...origin, key]);
  return {
    ...draft.key([...path, 'path'], check.path ?? '/', [...origin, 'path']),
    ...timing('interval', 5000),
    ...timing('timeout', 2000),
    ...grace,
  };
}

/** Fly waits for `deploy.wait_timeout`, and does not count failures within `grace_period`. */
function gracePeriod(check: Check | undefined, { deploy }: FlyFile): string | number | undefined {
  if (deploy?.wait_timeout !== undefined) return flyDuration(deploy.wait_timeout, 's');
  const grace = check?.grace_period;
  if (grace === undefined) return undefined;
  const ms = flyMilliseconds(grace, 'ms');
  return ms === undefined ? grace : `${Math.max(60_000, ms)}ms`;
}

function gracePeriodOrigin({ deploy }: FlyFile): Path {
  return deploy?.wait_timeout === undefined
    ? ['http_service', 'checks', 0, 'grace_period']
    : ['deploy', 'wait_timeout'];
}

function atLeast(
  draft: FlyDraft,
  {
    key,
    value,
    leastMs,
  }: { readonly key: string; readonly value: string | number | undefined; readonly leastMs: number },
): string | number | undefined {
  const ms = value === undefined ? undefined : flyMilliseconds(value, 'ms');
  if (ms === undefined) return value;
  if (ms < leastMs) draft.notice(`http_service.checks: the ${key} becomes ${leastMs / 1000}s, the least there is`);
  return `${Math.max(leastMs, ms)}ms`;
}
