import { type Action, inLane, type PlannedAction } from './actions.ts';
import { CRASH_LOOP, MAX_STARTS, PROVISIONING_LIMIT_MS, ROLLING_SLACK_MS } from './policy.ts';
import { provision } from './provisioning.ts';
import { fillableSlots, isConverged, type ServiceSituation } from './service-situation.ts';
import type { Desired, Observed, OpenDeployment, Trouble } from './situation.ts';

/** building → provisioning → rolling → succeeded | rolled-back | failed: each step, and why. */
export function planDeployment(
  desired: Desired,
  observed: Observed,
  { services, now }: { readonly services: readonly ServiceSituation[]; readonly now: number },
): readonly PlannedAction[] {
  const { deployment } = desired;
  if (!deployment) return [];
  if (desired.destroying) return conclude(finish(deployment, 'failed', 'the app was destroyed'));
  if (deployment.status === 'building') return planBuilding(deployment);
  if (deployment.status === 'provisioning') return planProvisioning(desired.app, deployment, { observed, now });
  if (deployment.turnedBack === null) return planForward(deployment, { observed, services, now });
  return planBack(deployment, deployment.turnedBack, { observed, services, now });
}

function planBuilding(deployment: OpenDeployment): readonly PlannedAction[] {
  const failed = deployment.builds.find((build) => build.status === 'failed');
  if (failed) {
    const reason = `the build of ${failed.services.join(', ')} failed: ${failed.error}`;
    return conclude(finish(deployment, 'failed', reason));
  }
  const next = deployment.builds.find((build) => build.status === 'pending');
  if (next) return inLane('build', [{ kind: 'build', release: deployment.release, build: next.name }]);
  return conclude(advance(deployment, 'provisioning', 'built'));
}

function planProvisioning(
  app: string,
  deployment: OpenDeployment,
  { observed, now }: { readonly observed: Observed; readonly now: number },
): readonly PlannedAction[] {
  const left = provision(app, deployment.spec, observed);
  if (left.length === 0) return conclude(advance(deployment, 'rolling', 'storage is ready'));
  const troubles = left.flatMap(({ lane }): (Trouble & { lane: string })[] => {
    const trouble = observed.troubles.get(lane);
    return trouble ? [{ lane, ...trouble }] : [];
  });
  const hopeless = troubles.find((trouble) => !trouble.retryable);
  if (hopeless) return conclude(finish(deployment, 'failed', `${hopeless.lane}: ${hopeless.message}`));
  if (now - deployment.stageAt > PROVISIONING_LIMIT_MS) {
    const waitingFor = troubles[0] ? `${troubles[0].lane}: ${troubles[0].message}` : `${left[0]?.lane}: no answer`;
    return conclude(finish(deployment, 'failed', `storage could not be provided in time (${waitingFor})`));
  }
  return left;
}

interface RollingInput {
  readonly observed: Observed;
  readonly services: readonly ServiceSituation[];
  readonly now: number;
}

function planForward(deployment: OpenDeployment, input: RollingInput): readonly PlannedAction[] {
  if (hasConverged(input)) {
    return conclude(finish(deployment, 'succeeded', `release ${deployment.release} is healthy and serving`));
  }
  const failure = findFailure(input) ?? findTimeout(deployment, input);
  return failure === undefined ? [] : conclude({ kind: 'turn-back', deployment: deployment.id, reason: failure });
}

/** Ends as `rolled-back` only when the previous release serves again. */
function planBack(deployment: OpenDeployment, why: string, input: RollingInput): readonly PlannedAction[] {
  const { previousRelease } = deployment;
  if (previousRelease === null) {
    return input.observed.instances.length === 0 ? conclude(finish(deployment, 'failed', why)) : [];
  }
  if (hasConverged(input)) return conclude(finish(deployment, 'rolled-back', why));
  const failure = findFailure(input) ?? findTimeout(deployment, input);
  if (failure === undefined) return [];
  const reason = `${why}; release ${previousRelease}, which served before, is not healthy either: ${failure}`;
  return conclude(finish(deployment, 'failed', reason));
}

function hasConverged({ observed, services }: RollingInput): boolean {
  const known = new Set(services.map((service) => service.name));
  const removedAreGone = observed.instances.every(({ service, phase }) => known.has(service) || phase === 'draining');
  return removedAreGone && services.every(isConverged);
}

function findFailure({ services }: RollingInput): string | undefined {
  for (const service of services) {
    const slots = new Set(fillableSlots(service));
    for (const { slot, failures, reason } of service.failures.values()) {
      if (failures < MAX_STARTS || !slots.has(slot) || isFilled(service, slot)) continue;
      return `${service.name} ${reason}`;
    }
  }
  return undefined;
}

function isFilled(service: ServiceSituation, slot: number): boolean {
  return service.instances.some(
    (instance) => instance.slot === slot && instance.release === service.release && instance.phase === 'active',
  );
}

/** Whatever happens, a rollout ends: within what its instances may take one after the other, and some more. */
function findTimeout(deployment: OpenDeployment, { services, observed, now }: RollingInput): string | undefined {
  const perInstance = services.map(
    ({ spec, count }) => count * (MAX_STARTS * spec.healthCheck.graceMs + spec.deploy.drainMs + spec.stopTimeoutMs),
  );
  const limit = perInstance.reduce((sum, ms) => sum + ms, ROLLING_SLACK_MS);
  if (now - deployment.stageAt <= limit) return undefined;
  const waiting = services.find((service) => !isConverged(service));
  const trouble = [...observed.troubles.values()][0];
  return `${waiting?.name ?? 'a removed service'} was not done in time${trouble ? ` (${trouble.message})` : ''}`;
}

function advance(deployment: OpenDeployment, status: 'provisioning' | 'rolling', reason: string): Action {
  return { kind: 'advance-deployment', deployment: deployment.id, status, reason };
}

function finish(deployment: OpenDeployment, status: 'succeeded' | 'rolled-back' | 'failed', reason: string): Action {
  return { kind: 'finish-deployment', deployment: deployment.id, status, reason };
}

function conclude(action: Action): readonly PlannedAction[] {
  return inLane('deployment', [action]);
}

/** Failures that a person should know of, for a service that is up otherwise. */
export function isCrashLoop(failures: number): boolean {
  return failures >= CRASH_LOOP;
}
