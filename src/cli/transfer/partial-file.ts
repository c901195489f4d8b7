import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Where a download grows beside its target: the name says of which file and of which content, so that another run
 * can go on with it. Short, since a name may have 255 bytes only.
 */
export function partialPath(path: string, etag: string): string {
  return join(dirname(path), `${ownPrefix(path)}${digest(etag)}.part`);
}

/** For one that nobody will go on with: it is this run's alone. */
export function passingPath(path: string): string {
  return join(dirname(path), `${ownPrefix(path)}${randomBytes(8).toString('hex')}.pass`);
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
