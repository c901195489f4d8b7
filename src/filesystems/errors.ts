import { HoldfastError } from '../core/errors.ts';

export function filesystemNotFound(id: string): HoldfastError {
  return new HoldfastError({
    code: 'filesystem.not-found',
    kind: 'not-found',
    message: `there is no filesystem ${id}`,
    hint: '`holdfast filesystems list` shows those that there are',
    resource: `filesystem ${id}`,
  });
}

export function filesystemMounted(id: string, holders: readonly string[]): HoldfastError {
  return new HoldfastError({
    code: 'filesystem.mounted',
    kind: 'conflict',
    message: `filesystem ${id} is mounted by ${holders.join(', ')}`,
    hint: 'stop these instances, or take the mount out of their app file and deploy it',
    resource: `filesystem ${id}`,
    retryable: true,
  });
}

export function rootDirectoryRefused(id: string, path: string, reason: string): HoldfastError {
  return new HoldfastError({
    code: 'filesystem.root-directory',
    kind: 'invalid',
    message: `rootDirectory ${JSON.stringify(path)} of filesystem ${id} ${reason}`,
    hint: 'name a directory of the filesystem by its absolute path, such as /photos',
    resource: `filesystem ${id}`,
  });
}
