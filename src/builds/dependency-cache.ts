import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyTree, syncFileSystem } from '../core/copy-tree.ts';
import { isNodeError } from '../core/errors.ts';

/** What npm reads to decide what it installs. */
const MANIFEST = /^(?:package\.json|package-lock\.json|npm-shrinkwrap\.json|\.npmrc|.*\.tgz)$/;

/** Leftovers of a crash, safe to delete at this age. */
const ABANDONED_MS = 60 * 60 * 1000;

export interface DependencyCacheOptions {
  readonly directory: string;
  /** The least recently used beyond this many are deleted. */
  readonly maxEntries: number;
}

/**
 * Installed `node_modules` by what they were installed from. An entry appears
 * complete and synced by a rename and disappears by one, so concurrent builds
 * and crashes leave no half entry under a key. Entries are copied in and out:
 * nobody else ever writes to their files.
 */
export class DependencyCache {
  readonly #directory: string;
  readonly #maxEntries: number;

  constructor({ directory, maxEntries }: DependencyCacheOptions) {
    this.#directory = directory;
    this.#maxEntries = maxEntries;
  }

  /** Hash of every manifest of the tree (workspaces and `file:` packages have their own), the command and this Node. */
  async key(root: string, installLine: string): Promise<string> {
    const hash = createHash('sha256');
    const part = (bytes: string | Uint8Array) => hash.update(`${bytes.length}:`).update(bytes);
    for (const text of [installLine, process.version, process.platform, process.arch]) part(text);
    for (const path of (await walk(root)).manifests) {
      part(path);
      part(await readFile(join(root, path)));
    }
    return hash.digest('hex');
  }

  /** @returns false when there is no such entry; then nothing was written */
  async restore(key: string, root: string): Promise<boolean> {
    const entry = join(this.#directory, key);
    const now = new Date();
    try {
      await utimes(entry, now, now);
    } catch {
      return false;
    }
    try {
      await copyModules(entry, root);
      return true;
    } catch {
      // Most likely another build has just evicted it: as if it had not been there.
      await removeModules(root);
      return false;
    }
  }

  async store(key: string, root: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const temporary = join(this.#directory, `new.${randomBytes(6).toString('hex')}`);
    try {
      await mkdir(temporary);
      await copyModules(root, temporary);
      await syncFileSystem(temporary);
      await rename(temporary, join(this.#directory, key));
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      // Taken: another build stored the same meanwhile.
      if (!isNodeError(error, 'ENOTEMPTY') && !isNodeError(error, 'EEXIST')) throw error;
    }
    await this.#evict();
  }

  async #evict(): Promise<void> {
    const names = await readdir(this.#directory);
    const found = await Promise.all(names.map((name) => this.#dated(name)));
    const dated = found.filter((entry) => entry !== undefined);
    const entries = dated.filter(({ name }) => /^[0-9a-f]{64}$/.test(name)).sort((a, b) => b.at - a.at);
    const abandoned = dated.filter(
      ({ name, at }) => !entries.some((e) => e.name === name) && at < Date.now() - ABANDONED_MS,
    );
    for (const { name } of [...entries.slice(this.#maxEntries), ...abandoned]) {
      const old = join(this.#directory, `old.${randomBytes(6).toString('hex')}`);
      await rename(join(this.#directory, name), old).catch(() => {}); // another build evicts it
      await rm(old, { recursive: true, force: true });
    }
  }

  async #dated(name: string): Promise<{ name: string; at: number } | undefined> {
    const found = await stat(join(this.#directory, name)).catch(() => undefined);
    return found && { name, at: found.mtimeMs };
  }
}

/** Deletes every `node_modules` of a project. */
export async function removeModules(root: string): Promise<void> {
  for (const path of (await walk(root)).modules) await rm(join(root, path), { recursive: true, force: true });
}

/** Every `node_modules` of a project, workspaces have their own, to the same place below `to`. */
async function copyModules(from: string, to: string): Promise<void> {
  for (const path of (await walk(from)).modules) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyTree(join(from, path), join(to, path));
  }
}

/** Paths below `root`, sorted; links are not followed. */
async function walk(root: string, below = ''): Promise<{ manifests: string[]; modules: string[] }> {
  const found = { manifests: [] as string[], modules: [] as string[] };
  const entries = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (entry.isFile() && MANIFEST.test(entry.name)) found.manifests.push(path);
    if (!entry.isDirectory() || entry.name === '.git') continue;
    if (entry.name === 'node_modules') {
      found.modules.push(path);
      continue;
    }
    const inner = await walk(root, path);
    found.manifests.push(...inner.manifests);
    found.modules.push(...inner.modules);
  }
  return found;
}
