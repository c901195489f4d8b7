import type { AppSpec, VolumeSpec } from '../../spec/app-spec.ts';
import type { BucketSettings } from '../state/storage-store.ts';
import { inLane, type PlannedAction, type StorageAction } from './actions.ts';
import type { Observed, ObservedStorage } from './situation.ts';
import { assignVolumes } from './volumes.ts';

/** What is left to do until everything that the file names is there; nothing when it is. */
export function provision(app: string, spec: AppSpec, observed: Observed): readonly PlannedAction[] {
  return [
    ...provisionVolumes(app, spec, observed.storage),
    ...Object.keys(spec.filesystems).flatMap((name) => provisionFilesystem(app, name, observed.storage)),
    ...Object.keys(spec.buckets).flatMap((name) => provisionBucket({ app, name, spec }, observed.storage)),
  ];
}

export function storageLane(kind: ObservedStorage['kind'], name: string): string {
  return `${kind} ${name}`;
}

/** As many volumes as the services need at their minimum; those that exist come first. */
function provisionVolumes(app: string, spec: AppSpec, storage: readonly ObservedStorage[]): PlannedAction[] {
  const minimum = new Map(Object.entries(spec.services).map(([name, { scaling }]) => [name, scaling.minTasks]));
  const assignments = assignVolumes(spec, minimum, storage);
  return Object.entries(spec.volumes).flatMap(([name, wanted]) => {
    const assigned = assignments.filter((assignment) => assignment.volumeName === name);
    const missing = assigned.filter(({ volume }) => volume === null).length;
    const present = assigned.flatMap(({ volume }) => volume ?? []);
    return inLane(storageLane('volume', name), [
      ...present.flatMap((volume) => bringInLine(app, volume, wanted)),
      ...createVolumes({ app, name, wanted, missing }, storage),
    ]);
  });
}

function bringInLine(app: string, volume: ObservedStorage, { sizeBytes }: VolumeSpec): StorageAction[] {
  const { id } = volume;
  return [
    ...claim(app, volume),
    ...((volume.sizeBytes ?? 0) < sizeBytes ? [{ kind: 'extend-volume' as const, id, sizeBytes }] : []),
  ];
}

/** Records whose volume was never finished are finished before new ones are made. */
function createVolumes(
  { app, name, wanted, missing }: { app: string; name: string; wanted: VolumeSpec; missing: number },
  storage: readonly ObservedStorage[],
): StorageAction[] {
  const unfinished = storage.filter(
    (item) => item.kind === 'volume' && item.name === name && item.app === app && !item.ready,
  );
  return Array.from({ length: missing }, (_, i) => {
    const { sizeBytes, region = null } = wanted;
    const id = unfinished[i]?.id;
    return { kind: 'create-volume', ...(id === undefined ? {} : { id }), name, sizeBytes, region };
  });
}

function provisionFilesystem(app: string, name: string, storage: readonly ObservedStorage[]): PlannedAction[] {
  const existing = findOwn({ kind: 'filesystem', app, name }, storage);
  const lane = storageLane('filesystem', name);
  if (!existing) return inLane(lane, [{ kind: 'create-filesystem', name }]);
  if (!existing.ready) return inLane(lane, [{ kind: 'create-filesystem', id: existing.id, name }]);
  return inLane(lane, claim(app, existing));
}

function provisionBucket(
  { app, name, spec }: { readonly app: string; readonly name: string; readonly spec: AppSpec },
  storage: readonly ObservedStorage[],
): PlannedAction[] {
  const wanted = spec.buckets[name];
  if (!wanted) return [];
  const existing = findOwn({ kind: 'bucket', app, name }, storage);
  const lane = storageLane('bucket', name);
  const target = wanted.logging && findOwn({ kind: 'bucket', app, name: wanted.logging.bucket }, storage);
  const settings = withLogTarget(wanted, target);
  if (!existing) return inLane(lane, [{ kind: 'ensure-bucket', name, settings }]);
  // One that is at work without its log waits for the bucket that it goes to, rather than lose what it has.
  const waits = existing.ready && wanted.logging !== undefined && settings.logging === undefined;
  const inLineAlready = existing.ready && comparable(existing.settings) === comparable(settings);
  return inLane(lane, [
    ...claim(app, existing),
    ...(inLineAlready || waits ? [] : [{ kind: 'ensure-bucket' as const, id: existing.id, name, settings }]),
  ]);
}

/**
 * With the name that the bucket of the access log has in the store. Without the log as long as that bucket is not made:
 * two may log into each other.
 */
function withLogTarget({ logging, ...settings }: BucketSettings, target: ObservedStorage | undefined): BucketSettings {
  if (!logging || !target?.ready) return settings;
  return { ...settings, logging: { ...logging, bucket: target.realName ?? target.name } };
}

function comparable(settings: BucketSettings | null): string {
  const { accessibility, versioning, quota, website, domains = [], cors, lifecycle, events, logging } = settings ?? {};
  return JSON.stringify([
    accessibility,
    versioning,
    quota,
    website?.index,
    website?.error,
    domains,
    cors,
    lifecycle,
    events,
    logging?.bucket,
    logging?.prefix,
    logging?.byDate,
  ]);
}

/** The app's own first, then one that belongs to no app. Destroyed ones are not used again (`create` refuses). */
function findOwn(
  wanted: Pick<ObservedStorage, 'kind' | 'app' | 'name'>,
  storage: readonly ObservedStorage[],
): ObservedStorage | undefined {
  const named = storage.filter(
    (item) => item.kind === wanted.kind && item.name === wanted.name && item.state !== 'destroyed',
  );
  return named.find((item) => item.app === wanted.app) ?? named.find((item) => item.app === null);
}

function claim(app: string, { id, name, ...item }: ObservedStorage): StorageAction[] {
  const settled = item.app === app && item.state === 'active' && item.origin === 'file';
  return settled ? [] : [{ kind: 'claim-storage', id, name }];
}
