import type { AppSpec } from '../../spec/app-spec.ts';
import type { ObservedStorage } from './situation.ts';

/** Which volume each mount of each slot gets; `null`: there is none left for it. */
export interface VolumeAssignment {
  readonly service: string;
  readonly slot: number;
  readonly volumeName: string;
  readonly volume: ObservedStorage | null;
}

/**
 * A slot keeps the volume that it has. What is missing is filled from the app's
 * free volumes, then from those of no app, then from those of services that do not
 * mount that name any more (a renamed service finds its data), oldest first.
 */
export function assignVolumes(
  spec: AppSpec,
  counts: ReadonlyMap<string, number>,
  storage: readonly ObservedStorage[],
): readonly VolumeAssignment[] {
  const needs = volumeNeeds(spec, counts);
  const taken = new Set<string>();
  const bound = needs.map((need) => {
    const volume = storage.find(
      (item) => isUsable(item, need.volumeName) && item.boundService === need.service && item.boundSlot === need.slot,
    );
    if (volume) taken.add(volume.id);
    return { ...need, volume: volume ?? null };
  });
  return bound.map((assignment) => {
    if (assignment.volume) return assignment;
    const volume = candidates(spec, assignment.volumeName, storage).find((item) => !taken.has(item.id));
    if (volume) taken.add(volume.id);
    return { ...assignment, volume: volume ?? null };
  });
}

function volumeNeeds(spec: AppSpec, counts: ReadonlyMap<string, number>) {
  return Object.entries(spec.services).flatMap(([service, { volumeMounts }]) =>
    Array.from({ length: counts.get(service) ?? 0 }, (_, slot) =>
      volumeMounts.map(({ volumeName }) => ({ service, slot, volumeName })),
    ).flat(),
  );
}

function isUsable(item: ObservedStorage, name: string): boolean {
  return item.kind === 'volume' && item.name === name && item.state !== 'destroyed' && item.ready;
}

function candidates(spec: AppSpec, name: string, storage: readonly ObservedStorage[]): readonly ObservedStorage[] {
  const region = spec.volumes[name]?.region;
  const fitting = storage.filter(
    (item) => isUsable(item, name) && (region === undefined || item.region === null || item.region === region),
  );
  const stillMounted = (item: ObservedStorage) =>
    item.boundService !== null &&
    spec.services[item.boundService]?.volumeMounts.some((mount) => mount.volumeName === name);
  return [
    ...fitting.filter((item) => item.boundService === null && item.app !== null),
    ...fitting.filter((item) => item.boundService === null && item.app === null),
    ...fitting.filter((item) => item.boundService !== null && !stillMounted(item)),
  ];
}
