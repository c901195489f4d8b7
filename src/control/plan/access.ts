import type { ServiceSpec } from '../../spec/app-spec.ts';
import type { AccessAction } from './actions.ts';
import type { Desired, Observed, ObservedStorage } from './situation.ts';

/**
 * The buckets that a service's key has to reach: those of the release that shall
 * run and of every instance still alive, since old and new share the key.
 */
export function planAccess(desired: Desired, observed: Observed, service: string): readonly AccessAction[] {
  const target = desired.run?.spec.services[service];
  const alive = observed.instances.filter((instance) => instance.service === service).map(({ spec }) => spec);
  const granted = observed.grants.get(service);
  if (!target && alive.length === 0) return granted ? [{ kind: 'revoke-buckets', service }] : [];
  const specs = target ? [target, ...alive] : alive;
  const buckets = [...new Set(specs.flatMap((spec) => reachable(desired.app, spec, observed.storage)))].sort();
  if (buckets.length === 0 && !granted) return [];
  return buckets.join() === granted?.join() ? [] : [{ kind: 'grant-buckets', service, buckets }];
}

function reachable(app: string, spec: ServiceSpec, storage: readonly ObservedStorage[]): readonly string[] {
  return connectedBuckets(app, spec, storage).flatMap(({ realName }) => realName ?? []);
}

/** In the order of `connectTo`, then those made with the CLI for the app: every service gets these. */
export function connectedBuckets<
  T extends Pick<ObservedStorage, 'kind' | 'app' | 'name' | 'state' | 'ready' | 'origin'>,
>(app: string, { connectTo }: ServiceSpec, storage: readonly T[]): readonly T[] {
  const buckets = storage.filter(
    (item) => item.kind === 'bucket' && item.app === app && item.state !== 'destroyed' && item.ready,
  );
  const named = connectTo.flatMap((name) => buckets.find((bucket) => bucket.name === name) ?? []);
  const given = buckets.filter((bucket) => bucket.origin === 'command' && !named.includes(bucket));
  return [...named, ...given];
}
