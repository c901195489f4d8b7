import { planAccess } from './access.ts';
import { inLane, type PlannedAction } from './actions.ts';
import { planDeployment } from './deployment.ts';
import { retire, seeOff } from './lifecycle.ts';
import { rollOut } from './rollout.ts';
import { planRoutes } from './routes.ts';
import { hasExclusiveVolumes, isConverged, type ServiceSituation, serviceSituations } from './service-situation.ts';
import type { Desired, Observed, ObservedInstance } from './situation.ts';

/** Decides; `reconcile/` observes and acts. */
export type Planner = (desired: Desired, observed: Observed, now: number) => readonly PlannedAction[];

/**
 * The next actions that bring one app from what is observed toward what is
 * desired. Pure: no I/O, clock or chance. It knows no past: after any crash,
 * observe again and plan again.
 */
export const plan: Planner = (desired, seen, now) => {
  const recalled = findRecalled(desired, seen);
  const observed = withRecalled(seen, recalled);
  const services = serviceSituations(desired, observed, now);
  return [
    ...recalled.flatMap(({ id, service }) => inLane(serviceLane(service), [{ kind: 'recall-instance', id }])),
    ...planDeployment(desired, observed, { services, now }),
    ...services.flatMap((service) =>
      inLane(serviceLane(service.name), [...planAccess(desired, observed, service.name), ...rollOut(service)]),
    ),
    ...removeServices(desired, observed, { services, now }),
    // Only what its lane has recalled is routed to: it may be stopping already.
    ...(recalled.length === 0 ? planRoutes(desired, observed) : []),
    ...takeBackStorage(observed),
    ...forgetApp(desired, observed),
  ];
};

export function serviceLane(service: string): string {
  return `service ${service}`;
}

/**
 * On their way out, but nothing else of their service works: what was to replace them has just failed.
 * Not where the wanted release replaces in place: there the old one leaves before the new one starts.
 */
function findRecalled({ run }: Desired, { instances }: Observed): readonly ObservedInstance[] {
  const works = ({ phase, process, health }: ObservedInstance) =>
    phase === 'active' && process === 'running' && health.state !== 'unhealthy';
  return instances.filter(({ service, phase, process }) => {
    const wanted = run?.spec.services[service];
    const startsFirst = wanted !== undefined && !hasExclusiveVolumes(wanted);
    const isAlone = !instances.some((other) => other.service === service && works(other));
    return phase === 'draining' && process === 'running' && startsFirst && isAlone;
  });
}

function withRecalled(observed: Observed, recalled: readonly ObservedInstance[]): Observed {
  if (recalled.length === 0) return observed;
  const instances = observed.instances.map((instance) =>
    recalled.includes(instance) ? { ...instance, phase: 'active' as const } : instance,
  );
  return { ...observed, instances };
}

/** Services that the file has no more: they serve until the others have converged, in case that it turns around. */
function removeServices(
  desired: Desired,
  observed: Observed,
  { services, now }: { readonly services: readonly ServiceSituation[]; readonly now: number },
): readonly PlannedAction[] {
  const known = new Set(services.map((service) => service.name));
  const instances = observed.instances.filter(({ service }) => !known.has(service));
  const gone = [...new Set([...instances.map(({ service }) => service), ...observed.grants.keys()])].filter(
    (service) => !known.has(service),
  );
  const mayGo = services.every((service) => isConverged(service) || waitsForVolumeOf(service, instances));
  return gone.flatMap((service) => {
    const own = instances.filter((instance) => instance.service === service);
    const actions = own.flatMap((instance) => {
      const isLeaving = instance.phase === 'draining' || instance.phase === 'failed';
      if (isLeaving) return seeOff(instance, { storage: observed.storage, edge: observed.edge, now });
      if (instance.phase === 'starting' || instance.process !== 'running') return retire(instance, observed.storage);
      if (!mayGo) return [];
      return [{ kind: 'drain-instance' as const, id: instance.id }];
    });
    return inLane(serviceLane(service), [...actions, ...planAccess(desired, observed, service)]);
  });
}

function waitsForVolumeOf(service: ServiceSituation, instances: readonly ObservedInstance[]): boolean {
  return service.volumes.some(({ volume }) =>
    instances.some(
      ({ id, service: name, slot }) =>
        volume?.holders.includes(id) || (volume?.boundService === name && volume.boundSlot === slot),
    ),
  );
}

/** Storage whose holder ended without giving it back. */
function takeBackStorage({ storage, instances, running }: Observed): readonly PlannedAction[] {
  const alive = new Set(instances.map((instance) => instance.id));
  return storage.flatMap(({ id, kind, holders }) =>
    holders
      .filter((holder) => !alive.has(holder) && !running.has(holder))
      .flatMap((holder) =>
        inLane(`storage ${id}`, [
          { kind: kind === 'volume' ? 'detach-volume' : 'unmount-filesystem', id, holder } as const,
        ]),
      ),
  );
}

/** In the lane of builds: one that is under way ends before its directory goes. */
function forgetApp(desired: Desired, observed: Observed): readonly PlannedAction[] {
  const unrouted = observed.edge !== null && observed.edge.routes.length === 0;
  const over = desired.destroying && unrouted && observed.instances.length === 0 && observed.grants.size === 0;
  return over && desired.deployment === null ? inLane('build', [{ kind: 'forget-app' }]) : [];
}
