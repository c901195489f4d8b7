import { formatDuration } from '../../core/units.ts';
import type { FilesystemMountSpec } from '../../spec/app-spec.ts';
import type { Action } from './actions.ts';
import { afterFailure, STEADY_MS } from './policy.ts';
import { isRouted, type ServiceSituation } from './service-situation.ts';
import { backendAtEdge, type ObservedEdge, type ObservedInstance, type ObservedStorage } from './situation.ts';

/** The steps of one instance's life: start, count, drain, stop. Shared by all ways of rolling out. */

/** What a wanted instance needs next. */
export function tend(s: ServiceSituation, instance: ObservedInstance): readonly Action[] {
  const fault = findFault(instance, s.now);
  if (fault) return [failInstance(s, instance, fault)];
  if (instance.phase !== 'starting') return [];
  if (instance.process === 'absent') return prepareAndStart(s, instance);
  return isUp(instance, s.now) ? [{ kind: 'activate-instance', id: instance.id }] : [];
}

/** A check that passes says so; that a process runs says little until it has done so for a moment. */
function isUp({ health, spec }: ObservedInstance, now: number): boolean {
  const proof = spec.healthCheck.probe.kind === 'running' ? STEADY_MS : 0;
  return health.state === 'healthy' && now - health.since >= proof;
}

/** What an instance on its way out needs next. */
export function seeOff(
  instance: ObservedInstance,
  { storage, edge, now }: Pick<ServiceSituation, 'storage' | 'edge' | 'now'>,
): readonly Action[] {
  if (instance.phase !== 'draining' || isDrained(instance, edge, now)) return retire(instance, storage);
  const left = edge !== null && backendAtEdge(edge, instance.id)?.state !== 'active';
  return left && instance.drainAt === null ? [{ kind: 'time-drain', id: instance.id }] : [];
}

interface Fault {
  readonly reason: string;
  /** No use in starting it again for this deployment. */
  readonly exhausts: boolean;
}

export function findFault(instance: ObservedInstance, now: number): Fault | undefined {
  const { phase, process, health, spec } = instance;
  const grace = spec.healthCheck.graceMs;
  if (instance.startError !== null) return { reason: instance.startError, exhausts: false };
  if (process === 'exited') return { reason: describeExit(instance), exhausts: false };
  if (phase === 'active' && process === 'absent') return { reason: 'disappeared', exhausts: false };
  const why = health.reason === '' ? 'no health check has passed' : health.reason;
  // A restarted controller gives the instance a whole grace period of its own watching.
  if (phase === 'starting' && now - Math.max(instance.createdAt, health.since) > grace) {
    return { reason: `was not healthy within ${formatDuration(grace)}: ${why}`, exhausts: process === 'running' };
  }
  if (phase === 'active' && health.state === 'unhealthy' && now - health.since > grace) {
    return { reason: `was unhealthy for ${formatDuration(grace)}: ${why}`, exhausts: false };
  }
  return undefined;
}

function describeExit({ exitCode }: ObservedInstance): string {
  return exitCode === null ? 'was ended by a signal' : `exited with code ${exitCode}`;
}

function failInstance(s: ServiceSituation, instance: ObservedInstance, { reason, exhausts }: Fault): Action {
  const before = s.failures.get(instance.slot)?.failures ?? 0;
  const wellForMs = instance.activeAt === null ? 0 : s.now - instance.activeAt;
  return {
    kind: 'fail-instance',
    id: instance.id,
    reason,
    ...afterFailure(before, { wellForMs, now: s.now, exhausts }),
  };
}

/** A new instance in an empty slot, unless it has to wait: for its back-off, or for storage that another one holds. */
export function launch(s: ServiceSituation, slot: number, number: number): readonly Action[] {
  if ((s.failures.get(slot)?.retryAt ?? 0) > s.now) return [];
  const id = `${s.app}-${s.name}-v${s.release}-${slot}-${number}`;
  const start = prepareAndStart(s, { id, slot });
  const record: Action = { kind: 'create-instance', id, service: s.name, slot, release: s.release, number };
  return start.length === 0 ? [] : [record, ...start];
}

/** Its storage first, so that it never runs without it; nothing while some of it is missing or another's. */
function prepareAndStart(s: ServiceSituation, { id, slot }: Pick<ObservedInstance, 'id' | 'slot'>): readonly Action[] {
  const volumes = s.volumes.filter((assignment) => assignment.slot === slot).map(({ volume }) => volume);
  const filesystems = s.spec.filesystemMounts.map((mount) => ({ ...mount, filesystem: findFilesystem(s, mount) }));
  const free = volumes.every((volume) => volume !== null && isFreeFor(s, volume, { id, slot }));
  if (!free || filesystems.some(({ filesystem }) => !filesystem)) return [];
  return [
    ...volumes.flatMap((volume) => (volume ? bindAndAttach(s, volume, { id, slot }) : [])),
    ...filesystems.flatMap(({ filesystem, rootDirectory = null }): Action[] =>
      filesystem ? [{ kind: 'mount-filesystem', id: filesystem.id, holder: id, rootDirectory }] : [],
    ),
    { kind: 'start-instance', id },
  ];
}

type Place = Pick<ObservedInstance, 'id' | 'slot'>;

/** Nobody else holds it, or is about to: the record of an instance comes before its attachments. */
function isFreeFor(s: ServiceSituation, volume: ObservedStorage, { id, slot }: Place): boolean {
  return volume.holders.every((holder) => holder === id) && (isBoundTo(s, volume, slot) || !s.spokenFor.has(volume.id));
}

/** Bound also when it seems to be so already: the plan of another service may have taken it since. */
function bindAndAttach(s: ServiceSituation, volume: ObservedStorage, { id, slot }: Place): readonly Action[] {
  const { boundService, boundSlot } = volume;
  const from = boundService === null || boundSlot === null ? null : { service: boundService, slot: boundSlot };
  return [
    { kind: 'bind-volume', id: volume.id, from, to: { service: s.name, slot } },
    { kind: 'attach-volume', id: volume.id, holder: id },
  ];
}

function isBoundTo(s: ServiceSituation, { app, boundService, boundSlot }: ObservedStorage, slot: number): boolean {
  return app === s.app && boundService === s.name && boundSlot === slot;
}

function findFilesystem(s: ServiceSituation, { filesystemName }: FilesystemMountSpec): ObservedStorage | undefined {
  return s.storage.find(
    ({ kind, name, app, state, ready }) =>
      kind === 'filesystem' && name === filesystemName && app === s.app && state !== 'destroyed' && ready,
  );
}

/** Its requests have ended, or had their time. While the edge does not answer nobody can know. */
function isDrained(instance: ObservedInstance, edge: ObservedEdge | null, now: number): boolean {
  if (!isRouted(instance.spec) || instance.process !== 'running') return true;
  if (edge === null || backendAtEdge(edge, instance.id)?.state === 'active') return false;
  const waited = now - (instance.drainAt ?? now);
  return (edge.inFlight.get(instance.id) ?? 0) === 0 || waited >= instance.spec.deploy.drainMs;
}

/** Stopped first: storage is only taken from what does not run. */
export function retire(instance: ObservedInstance, storage: readonly ObservedStorage[]): readonly Action[] {
  const held = storage.filter((item) => item.holders.includes(instance.id));
  return [
    { kind: 'stop-instance', id: instance.id, graceMs: instance.spec.stopTimeoutMs },
    ...held.map(
      ({ kind, id }): Action => ({
        kind: kind === 'volume' ? 'detach-volume' : 'unmount-filesystem',
        id,
        holder: instance.id,
      }),
    ),
    { kind: 'remove-instance', id: instance.id },
  ];
}
