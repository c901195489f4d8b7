import type { Action } from './actions.ts';
import { launch, retire, seeOff, tend } from './lifecycle.ts';
import { surge } from './policy.ts';
import {
  fillableSlots,
  hasExclusiveVolumes,
  isKept,
  isServing,
  isSurplus,
  type ServiceSituation,
} from './service-situation.ts';
import type { ObservedInstance } from './situation.ts';

/** Brings one service from whatever it is toward its release and count. */
export function rollOut(s: ServiceSituation): readonly Action[] {
  return [
    ...s.instances.flatMap((instance) => (isKept(s, instance) ? tend(s, instance) : leave(s, instance))),
    ...(hasExclusiveVolumes(s.spec) ? replaceInPlace(s) : startFirst(s)),
  ];
}

/** Instances that are on their way out, or that nobody would miss. */
function leave(s: ServiceSituation, instance: ObservedInstance): readonly Action[] {
  const works = instance.phase === 'active' && instance.process === 'running';
  if (isSurplus(s, instance)) return works ? [] : retire(instance, s.storage);
  return seeOff(instance, s);
}

/**
 * New instances first, a few at a time; an old one goes when the new ones that
 * serve make it superfluous.
 */
function startFirst(s: ServiceSituation): readonly Action[] {
  const kept = s.instances.filter((instance) => isKept(s, instance));
  const surplus = s.instances.filter((instance) => isSurplus(s, instance) && instance.phase === 'active');

  const room = s.count + surge(s.count) - kept.length - surplus.length;
  const missing = fillableSlots(s).filter((slot) => !kept.some((instance) => instance.slot === slot));
  const starts = missing.slice(0, Math.max(0, room)).flatMap((slot, i) => launch(s, slot, s.nextNumber + i));

  const serving = kept.filter((instance) => isServing(s.edge, instance));
  const excess = serving.length + surplus.length - s.count;
  const leaving = leastNeededFirst(s, surplus).slice(0, Math.max(0, excess));
  return [...starts, ...leaving.map(drain)];
}

/**
 * A volume belongs to one instance at a time, so the old one leaves its slot
 * before the new one starts there; the edge holds requests meanwhile. One slot at
 * a time, except for those that do not serve anyway.
 */
function replaceInPlace(s: ServiceSituation): readonly Action[] {
  const slots = fillableSlots(s);
  const inSlot = (slot: number) => s.instances.filter((instance) => instance.slot === slot);
  const empty = slots.filter((slot) => inSlot(slot).length === 0);
  const starts = empty.flatMap((slot, i) => launch(s, slot, s.nextNumber + i));

  const surplus = s.instances.filter((instance) => isSurplus(s, instance) && instance.phase === 'active');
  const tooMany = surplus.filter((instance) => !slots.includes(instance.slot));
  const outdated = surplus.filter((instance) => slots.includes(instance.slot));
  const idle = outdated.filter((instance) => instance.health.state === 'unhealthy');
  const underWay = slots.some((slot) => !inSlot(slot).some((one) => isServing(s.edge, one) || outdated.includes(one)));
  const next = underWay ? [] : outdated.slice(0, 1);
  return [...starts, ...[...new Set([...tooMany, ...idle, ...next])].map(drain)];
}

function leastNeededFirst(s: ServiceSituation, instances: readonly ObservedInstance[]): readonly ObservedInstance[] {
  const rank = (instance: ObservedInstance) => (isServing(s.edge, instance) ? 1 : 0);
  return instances.toSorted((a, b) => rank(a) - rank(b) || b.slot - a.slot);
}

function drain(instance: ObservedInstance): Action {
  return { kind: 'drain-instance', id: instance.id };
}
