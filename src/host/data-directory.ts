import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryDurable } from '../core/durable-files.ts';
import { HoldfastError, isNodeError } from '../core/errors.ts';
import type { MasterKeyPlace } from '../core/master-key.ts';

/** Where everything of one platform lives. */
export interface DataDirectory {
  readonly root: string;
  readonly run: string;
  readonly control: string;
  readonly objects: string;
  readonly volumes: string;
  readonly filesystems: string;
  readonly services: string;
  readonly cache: string;
  readonly uploads: string;
  readonly logs: string;
  readonly edgeTable: string;
  readonly edgeCache: string;
  readonly stateFile: string;
  /** Address and token for the CLI of the same user. */
  readonly cliFile: string;
  readonly supervisorFile: string;
  readonly platformLog: string;
  /** `file`: where the operator has the key, if not in the data directory. */
  readonly masterKey: (file: string | undefined) => MasterKeyPlace;
  readonly socket: (role: string) => string;
  readonly lock: (name: string) => string;
}

export function dataDirectoryLayout(root: string): DataDirectory {
  return {
    root,
    run: join(root, 'run'),
    control: join(root, 'control'),
    objects: join(root, 'objects'),
    volumes: join(root, 'volumes'),
    filesystems: join(root, 'filesystems'),
    services: join(root, 'services'),
    cache: join(root, 'cache'),
    uploads: join(root, 'uploads'),
    logs: join(root, 'logs'),
    edgeTable: join(root, 'edge', 'routes.json'),
    edgeCache: join(root, 'edge', 'cache'),
    stateFile: join(root, 'control', 'state.db'),
    cliFile: join(root, 'cli.json'),
    supervisorFile: join(root, 'run', 'supervisor.json'),
    platformLog: join(root, 'logs', 'platform.log'),
    masterKey: (file) => ({
      keyFile: file ?? join(root, 'keys', 'master.key'),
      recordFile: join(root, 'master-key.json'),
    }),
    socket: (role) => join(root, 'run', `${role}.sock`),
    lock: (name) => join(root, 'run', `${name}.lock`),
  };
}

/** sun_path of unix(7) holds 108 bytes on Linux, 104 on macOS, the end mark included. */
const LONGEST_SOCKET_PATH = 103;

/** @throws HoldfastError `data-directory.path`, `data-directory.access` */
export async function openDataDirectory(root: string): Promise<DataDirectory> {
  const layout = dataDirectoryLayout(root);
  if (Buffer.byteLength(layout.socket('objects')) > LONGEST_SOCKET_PATH) {
    throw new HoldfastError({
      code: 'data-directory.path',
      kind: 'invalid',
      message: `the path of the data directory is too long for the sockets in it: ${root}`,
      hint: 'choose a shorter one with --data-dir or HOLDFAST_DATA_DIR',
    });
  }
  try {
    for (const directory of [root, layout.run, layout.control, layout.cache, layout.uploads, layout.logs]) {
      await makeDirectoryDurable(directory);
    }
    await makeDirectoryDurable(join(root, 'edge'));
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!isNodeError(error) || !['EACCES', 'EEXIST', 'EROFS', 'ENOENT', 'ENOTDIR', 'EPERM'].includes(error.code ?? ''))
      throw error;
    const isFile = error.code === 'EEXIST' || error.code === 'ENOTDIR';
    throw new HoldfastError({
      code: 'data-directory.access',
      kind: 'invalid',
      message: `cannot use ${root} as the data directory: ${isFile ? 'a file is in its place' : 'this user may not write there'}`,
      hint: 'choose a directory that you may write to with --data-dir or HOLDFAST_DATA_DIR',
      cause: error,
    });
  }
  return layout;
}

/** No platform has run on it. */
export async function holdsNothing({ stateFile, objects }: DataDirectory): Promise<boolean> {
  const exists = await Promise.all([stateFile, objects].map(isThere));
  return !exists.includes(true);
}

/** @throws what keeps it from being known */
async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return false;
    throw error;
  }
}
