import type { ServiceSpec } from '../../spec/app-spec.ts';
import {
  backendAtEdge,
  type Desired,
  type Observed,
  type ObservedEdge,
  type ObservedInstance,
  type ObservedStorage,
  type SlotFailures,
} from './situation.ts';
import { assignVolumes, type VolumeAssignment } from './volumes.ts';

/** One service of the release that shall run, with all that its rollout looks at. */
export interface ServiceSituation {
  readonly app: string;
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly release: number;
  /** Slots 0 … count − 1 shall be filled. */
  readonly count: number;
  readonly instances: readonly ObservedInstance[];
  /** Failures of the slots of this release. */
  readonly failures: ReadonlyMap<number, SlotFailures>;
  readonly volumes: readonly VolumeAssignment[];
  /** Volumes bound to a slot that has an instance, of whatever service. */
  readonly spokenFor: ReadonlySet<string>;
  readonly storage: readonly ObservedStorage[];
  readonly edge: ObservedEdge | null;
  readonly nextNumber: number;
  readonly now: number;
}

export function serviceSituations(desired: Desired, observed: Observed, now: number): readonly ServiceSituation[] {
  const { run } = desired;
  if (run === null) return [];
  const counts = new Map(
    Object.entries(run.spec.services).map(([name, spec]) => [name, wantedCount(spec, desired.scales.get(name))]),
  );
  const assignments = assignVolumes(run.spec, counts, observed.storage);
  const spokenFor = new Set(observed.storage.filter((item) => isSpokenFor(item, observed)).map(({ id }) => id));
  return Object.entries(run.spec.services).map(([name, spec]) => ({
    app: desired.app,
    name,
    spec,
    release: run.version,
    count: counts.get(name) ?? 0,
    instances: observed.instances.filter((instance) => instance.service === name),
    failures: new Map(
      observed.slots
        .filter((slot) => slot.service === name && slot.release === run.version)
        .map((slot) => [slot.slot, slot]),
    ),
    volumes: assignments.filter((assignment) => assignment.service === name),
    spokenFor,
    storage: observed.storage,
    edge: observed.edge,
    nextNumber: observed.nextNumbers.get(name) ?? 1,
    now,
  }));
}

function isSpokenFor({ name, boundService, boundSlot }: ObservedStorage, { instances }: Observed): boolean {
  return instances.some(
    ({ service, slot, spec }) =>
      service === boundService && slot === boundSlot && spec.volumeMounts.some((mount) => mount.volumeName === name),
  );
}

export function wantedCount(spec: ServiceSpec, scale: number | undefined): number {
  const { minTasks, maxTasks } = spec.scaling;
  return Math.min(maxTasks, scale ?? minTasks);
}

/** One volume, one instance: its instances are replaced in place, not beside each other. */
export function hasExclusiveVolumes(spec: ServiceSpec): boolean {
  return spec.volumeMounts.length > 0;
}

export function isRouted(spec: ServiceSpec): boolean {
  return spec.type === 'web-service';
}

/** Slots that can be filled: with volumes, those for which there are enough. */
export function fillableSlots(s: ServiceSituation): readonly number[] {
  const short = new Set(s.volumes.filter(({ volume }) => volume === null).map(({ slot }) => slot));
  return Array.from({ length: s.count }, (_, slot) => slot).filter((slot) => !short.has(slot));
}

/** Of the right release, in a slot that shall be filled, and not on its way out. */
export function isKept(s: ServiceSituation, instance: ObservedInstance): boolean {
  return (
    instance.release === s.release &&
    instance.slot < s.count &&
    (instance.phase === 'starting' || instance.phase === 'active')
  );
}

/** Still up, but not what is wanted: another release, or a slot too many. */
export function isSurplus(s: ServiceSituation, instance: ObservedInstance): boolean {
  return !isKept(s, instance) && (instance.phase === 'starting' || instance.phase === 'active');
}

/** It takes its share of the work: well, and the edge sends requests to it where it gets any. */
export function isServing(edge: ObservedEdge | null, instance: ObservedInstance): boolean {
  if (instance.phase !== 'active' || instance.process !== 'running' || instance.health.state !== 'healthy')
    return false;
  if (!isRouted(instance.spec)) return true;
  return edge !== null && backendAtEdge(edge, instance.id)?.state === 'active';
}

/** All that is wanted serves, and nothing else is in use. */
export function isConverged(s: ServiceSituation): boolean {
  const slots = fillableSlots(s);
  const serves = (slot: number) =>
    s.instances.some((instance) => instance.slot === slot && isKept(s, instance) && isServing(s.edge, instance));
  const nothingElse = !s.instances.some((instance) => isSurplus(s, instance));
  return nothingElse && slots.every(serves) && (slots.length > 0 || s.count === 0);
}
