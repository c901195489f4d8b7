import { constants, type Stats } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError, isNodeError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** Files and directories that a user names: what the system says of one becomes a sentence with a way out. */

type Kind = 'file' | 'directory';

/** @throws HoldfastError as `unreadable` */
export async function requireDirectory(path: string): Promise<void> {
  const about = await aboutOf(path, 'directory');
  if (!about.isDirectory()) throw notDirectory(path);
}

/** What `path` is, which this user may read. @throws HoldfastError as `unreadable` */
export async function aboutReadable(path: string): Promise<Stats> {
  const about = await aboutOf(path, 'file');
  await access(path, constants.R_OK).catch(async (error) => {
    throw await unreadable(path, error);
  });
  return about;
}

async function aboutOf(path: string, wanted: Kind): Promise<Stats> {
  return await stat(path).catch(async (error) => {
    throw await unreadable(path, error, wanted);
  });
}

/** Why `path` could not be read, where a file or directory was `wanted`. What concerns no file is given back as it is. */
export async function unreadable(path: string, cause: unknown, wanted: Kind = 'file'): Promise<unknown> {
  if (!isNodeError(cause) || cause.syscall === undefined) return cause;
  switch (cause.code) {
    case 'ENOENT':
      return missing(path, wanted, cause);
    case 'ENOTDIR':
      return (await exists(path)) ? notDirectory(path, cause) : missing(path, wanted, cause);
    case 'EISDIR':
      return isDirectory(path, cause);
    default:
      return forbidden(path, 'read', cause) ?? failed(path, 'read', cause);
  }
}

/** Why nothing could be written to `path`, or below it. What concerns no file is given back as it is. */
export async function unwritable(path: string, cause: unknown): Promise<unknown> {
  if (!isNodeError(cause) || cause.syscall === undefined) return cause;
  switch (cause.code) {
    case 'ENOENT':
      return missing(dirname(path), 'directory', cause);
    case 'ENOTDIR':
    case 'EEXIST':
      return notDirectory((await exists(path)) ? path : dirname(path), cause);
    case 'EISDIR':
      return isDirectory(path, cause);
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(path, cause);
    default:
      return forbidden(path, 'write', cause) ?? failed(path, 'write', cause);
  }
}

/** Why the output of a command could not be written. */
export function noOutput(cause: NodeJS.ErrnoException): HoldfastError {
  const isFull = cause.code === 'ENOSPC' || cause.code === 'EDQUOT';
  return isFull ? diskFull('the output', cause) : failed('the output', 'write', cause);
}

/** For a list of files of which some failed. */
export function shortReason(error: unknown): string {
  if (isNodeError(error) && error.syscall !== undefined) {
    if (error.code === 'EACCES' || error.code === 'EPERM') return 'this user has no permission for it';
    if (error.code === 'ENOENT') return 'it is no longer there';
  }
  return error instanceof Error ? error.message : String(error);
}

async function missing(path: string, wanted: Kind, cause: unknown): Promise<HoldfastError> {
  const guess = await nearestPath(path);
  return new HoldfastError({
    code: 'file.not-found',
    kind: 'not-found',
    message: `there is no ${wanted} ${path}`,
    hint:
      guess === undefined ? `check how it is spelt; the command runs in ${process.cwd()}` : `did you mean ${guess}?`,
    cause,
  });
}

/** What is there in place of the first part of `path` that is not. */
async function nearestPath(path: string): Promise<string | undefined> {
  const above = dirname(path);
  if (above !== path && !(await exists(above))) return nearestPath(above);
  const names = await readdir(above).catch(() => []);
  const name = nearest(basename(path), names);
  return name === undefined ? undefined : join(above, name);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function notDirectory(path: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: 'file.not-directory',
    kind: 'invalid',
    message: `${path} is a file, and a directory is wanted`,
    hint: 'name a directory',
    cause,
  });
}

function isDirectory(path: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'file.is-directory',
    kind: 'invalid',
    message: `${path} is a directory, and a file is wanted`,
    hint: 'name a file',
    cause,
  });
}

function forbidden(path: string, what: 'read' | 'write', cause: NodeJS.ErrnoException): HoldfastError | undefined {
  if (cause.code !== 'EACCES' && cause.code !== 'EPERM' && cause.code !== 'EROFS') return undefined;
  return new HoldfastError({
    code: 'file.forbidden',
    kind: 'forbidden',
    message: `this user may not ${what} ${path}`,
    hint: `\`ls -ld\` shows who may; change that with chmod or chown, or run the command as that user`,
    cause,
  });
}

function diskFull(path: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'file.disk-full',
    kind: 'exhausted',
    message: `cannot write ${path}: its disk is full`,
    hint: 'free some space there, then run the command again: it goes on where it was',
    cause,
  });
}

function failed(path: string, what: 'read' | 'write', cause: Error): HoldfastError {
  return new HoldfastError({
    code: `file.un${what === 'read' ? 'readable' : 'writable'}`,
    kind: 'invalid',
    message: `cannot ${what} ${path}: ${cause.message}`,
    hint: 'check the path',
    cause,
  });
}
