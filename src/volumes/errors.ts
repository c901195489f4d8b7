import { HoldfastError } from '../core/errors.ts';
import { formatBytes } from '../core/units.ts';

export function volumeNotFound(id: string): HoldfastError {
  return new HoldfastError({
    code: 'volume.not-found',
    kind: 'not-found',
    message: `there is no volume ${id}`,
    hint: '`holdfast volumes list` shows those that there are',
    resource: `volume ${id}`,
  });
}

export function snapshotNotFound(id: string, snapshot: string): HoldfastError {
  return new HoldfastError({
    code: 'volume.snapshot-not-found',
    kind: 'not-found',
    message: `volume ${id} has no snapshot ${snapshot}`,
    hint: `\`holdfast volumes snapshots list ${id}\` shows those that there are`,
    resource: `volume ${id}`,
  });
}

export function volumeAttached(id: string, holder: string): HoldfastError {
  return new HoldfastError({
    code: 'volume.attached',
    kind: 'conflict',
    message: `volume ${id} is attached to ${holder}`,
    hint: 'a volume serves one instance at a time; it is free again when that instance has stopped',
    resource: `volume ${id}`,
    retryable: true,
  });
}

export function volumeShrink(id: string, { from, to }: { readonly from: number; readonly to: number }): HoldfastError {
  return new HoldfastError({
    code: 'volume.shrink',
    kind: 'invalid',
    message: `volume ${id} has ${formatBytes(from)} and cannot shrink to ${formatBytes(to)}`,
    hint: 'create a smaller volume and copy the files',
    resource: `volume ${id}`,
  });
}

export function volumeChanging(id: string): HoldfastError {
  return new HoldfastError({
    code: 'volume.changing',
    kind: 'unavailable',
    message: `volume ${id} was written to throughout the snapshot, so that no copy of one point in time could be made`,
    hint: 'try again when the service is quiet, or stop it for the snapshot',
    resource: `volume ${id}`,
  });
}
