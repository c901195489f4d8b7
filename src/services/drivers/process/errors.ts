import { HoldfastError } from '../../../core/errors.ts';

export function startRefused(id: string, message: string, hint?: string): HoldfastError {
  return new HoldfastError({
    code: 'instance.start',
    kind: 'invalid',
    message: `instance ${id} cannot be started: ${message}`,
    hint,
    resource: `instance ${id}`,
  });
}

export function spawnFailed(id: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'instance.start',
    kind: 'unavailable',
    message: `instance ${id} cannot be started: ${cause instanceof Error ? cause.message : cause}`,
    hint: 'the machine may be out of processes or memory; look at what else runs on it',
    resource: `instance ${id}`,
    cause,
  });
}

export function noFreePort(from: number, to: number): HoldfastError {
  return new HoldfastError({
    code: 'instance.start',
    kind: 'exhausted',
    message: `every port from ${from} to ${to} is taken`,
    hint: 'stop instances that are not needed, or give the process driver a wider range of ports',
    retryable: true,
  });
}

export function instanceRunning(id: string): HoldfastError {
  return new HoldfastError({
    code: 'instance.running',
    kind: 'conflict',
    message: `instance ${id} is running; its files cannot be removed`,
    hint: 'stop it first',
    resource: `instance ${id}`,
  });
}
