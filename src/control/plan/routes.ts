import type { Backend, Route } from '../../edge/edge-admin.ts';
import { inLane, type PlannedAction } from './actions.ts';
import { publicHosts } from './hosts.ts';
import { hasExclusiveVolumes, isRouted } from './service-situation.ts';
import type { Desired, Observed, ObservedInstance } from './situation.ts';

/** The app's routes as its instances ask for them, when the edge has others. */
export function planRoutes(desired: Desired, observed: Observed): readonly PlannedAction[] {
  if (observed.edge === null) return [];
  const wanted = routesOf(desired, observed);
  return sameRoutes(wanted, observed.edge.routes) ? [] : inLane('routes', [{ kind: 'set-routes', routes: wanted }]);
}

export function routesOf({ app, run }: Desired, { instances }: Observed): readonly Route[] {
  const routed = instances.filter((instance) => isRouted(instance.spec));
  const specs = new Map(routed.map((instance) => [instance.service, instance.spec]));
  for (const [name, spec] of Object.entries(run?.spec.services ?? {})) if (isRouted(spec)) specs.set(name, spec);
  const routes = [...specs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, spec]) => {
      const own = routed.filter((instance) => instance.service === service);
      const hosts = run ? publicHosts(run.spec, service) : [];
      return {
        id: `${app}/${service}`,
        hosts: hosts.length > 0 ? hosts : (own[0]?.hosts ?? []),
        backends: own.flatMap(backendOf),
        holdMs: hasExclusiveVolumes(spec) ? spec.deploy.holdMs : 0,
      };
    });
  return withoutSharedHosts(routes);
}

/** When a service takes over another one's host name, the name follows once the new one serves. */
function withoutSharedHosts(routes: readonly Route[]): readonly Route[] {
  const serves = (route: Route) => route.backends.some((backend) => backend.state === 'active');
  return routes.map((route) => {
    const rivals = routes.filter((other) => other !== route && (serves(other) || other.id < route.id));
    const loses = (host: string) => !serves(route) && rivals.some((rival) => rival.hosts.includes(host));
    const ties = (host: string) =>
      serves(route) && rivals.some((rival) => serves(rival) && rival.id < route.id && rival.hosts.includes(host));
    return { ...route, hosts: route.hosts.filter((host) => !loses(host) && !ties(host)) };
  });
}

/** Only what has been healthy is routed to; what is not any more, or shall leave, gets no new request. */
function backendOf(instance: ObservedInstance): readonly Backend[] {
  const { id, phase, process, address, health } = instance;
  if (process !== 'running' || address === null || (phase !== 'active' && phase !== 'draining')) return [];
  const state = phase === 'active' && health.state !== 'unhealthy' ? 'active' : 'draining';
  return [{ instance: id, host: address.host, port: address.port, state }];
}

function sameRoutes(a: readonly Route[], b: readonly Route[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b.toSorted((x, y) => (x.id < y.id ? -1 : 1)).map(normalised));
}

function normalised({ id, hosts, backends, holdMs }: Route): Route {
  return {
    id,
    hosts,
    backends: backends.map(({ instance, host, port, state }) => ({ instance, host, port, state })),
    holdMs,
  };
}
