import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/**
 * Where a download grows beside its target: the name says of which file and of which content, so that another run
 * can go on with it. Short, since a name may have 255 bytes only.
 */
export function partialPath(path: string, etag: string): string {
  return join(dirname(path), `${ownPrefix(path)}${digest(etag)}.part`);
}

/** For one that nobody will go on with: it is this process's alone. */
export function passingPath(path: string): string {
  return join(dirname(path), `${ownPrefix(path)}${ownHost()}${process.pid.toString(16).padStart(8, '0')}.pass`);
}

/** Of a process of this machine that was killed. */
export function isForsakenName(name: string): boolean {
  const [, host, pid] = /^\.holdfast-[0-9a-f]{16}-([0-9a-f]{8})([0-9a-f]{8})\.pass$/.exec(name) ?? [];
  return host === ownHost() && pid !== undefined && !isRunning(Number.parseInt(pid, 16));
}

function ownHost(): string {
  return digest(hostname()).slice(0, 8);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

export function isPartialName(name: string): boolean {
  return /^\.holdfast-[0-9a-f]{16}-[0-9a-f]{16}\.(part|pass)$/.test(name);
}

/** Partial downloads of other contents of the same file: nobody can go on with them. */
export async function removeStalePartials(path: string, partial: string): Promise<void> {
  const names = await readdir(dirname(path));
  const stale = names.filter(
    (name) => name.endsWith('.part') && name.startsWith(ownPrefix(path)) && name !== basename(partial),
  );
  await Promise.all(stale.map((name) => rm(join(dirname(path), name), { force: true })));
}

function ownPrefix(path: string): string {
  return `.holdfast-${digest(basename(path))}-`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
