import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryDurable, renameDurable } from './durable-files.ts';
import { HoldfastError, isNodeError } from './errors.ts';
import { removeTree, syncTree } from './file-tree.ts';
import { acquireProcessLock } from './process-lock.ts';

/** How long a short change waits for those of other processes. */
const LOCK_WAIT_MS = 30_000;

const STAGING = '.staging';

/**
 * A directory of directories that come and go as wholes: each is made under
 * `.staging`, synced, and renamed into place; each is taken away by a rename
 * back into `.staging`. What a killed process left there is removed by the
 * next one that opens the directory; what a living one works on is not.
 * Failures of the system are thrown as HoldfastErrors (`disk.full` and the like).
 */
export class EntryDirectory {
  readonly #root: string;
  #opened: Promise<void> | undefined;
  /** The newest of this object's exclusive sections; the next one follows it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.#root = root;
  }

  /** Absolute path of an entry or of something in it. `names` are names, not paths. */
  path(...names: readonly string[]): string {
    for (const name of names) {
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
        throw new HoldfastError({
          code: 'entry.name',
          kind: 'invalid',
          message: `${JSON.stringify(name)} is not a name`,
          hint: 'use letters, digits, ".", "_" and "-", starting with a letter or digit',
        });
      }
    }
    return join(this.#root, ...names);
  }

  /** Makes the directory and clears it of half-made entries, once. Every other method does it by itself. */
  async open(): Promise<void> {
    this.#opened ??= this.#open();
    try {
      await this.#opened;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  /** Names of the entries in `names`, or of the top. */
  async list(...names: readonly string[]): Promise<string[]> {
    await this.open();
    try {
      const found = await readdir(this.path(...names));
      return found.filter((name) => !name.startsWith('.')).sort();
    } catch (error) {
      if (isNodeError(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async has(...names: readonly string[]): Promise<boolean> {
    await this.open();
    try {
      await access(this.path(...names));
      return true;
    } catch (error) {
      if (isNodeError(error, 'ENOENT')) return false;
      throw error;
    }
  }

  /**
   * Makes the entry `names` unless it exists. `fill` gets an empty directory
   * and may take its time; the entry appears when all of it is on disk.
   * The directory around it must exist (else ENOENT).
   */
  async create(names: readonly string[], fill: (directory: string) => Promise<void>): Promise<void> {
    if (await this.has(...names)) return;
    await this.#staged(async (staging) => {
      await mkdir(staging, { mode: 0o700 });
      await fill(staging);
      await syncTree(staging);
      await this.exclusive(async () => {
        if (!(await this.has(...names))) await renameDurable(staging, this.path(...names));
      });
    });
  }

  /** Takes the entry away at once, after `check` (in the same exclusive section) has agreed; then frees its space. */
  async remove(names: readonly string[], check: () => Promise<void> = async () => {}): Promise<void> {
    await this.#staged(async (staging) => {
      await this.exclusive(async () => {
        if (!(await this.has(...names))) return;
        await check();
        await renameDurable(this.path(...names), staging);
      });
    });
  }

  /**
   * Runs `work` while no other object or process runs one over the same directory. Keep it short.
   * Records of an entry are changed in here, with `writeFileDurable`.
   */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    await this.open();
    return this.#locked(work);
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const lock = await acquireProcessLock(join(this.#root, '.lock'), { waitMs: LOCK_WAIT_MS });
      if (!lock) throw directoryBusy(this.#root);
      try {
        return await work();
      } catch (error) {
        throw HoldfastError.from(error);
      } finally {
        lock.release();
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Gives `work` a path of its own under `.staging`, guarded by a lock for as long as this process lives. */
  async #staged(work: (staging: string) => Promise<void>): Promise<void> {
    const name = randomBytes(8).toString('hex');
    const guardPath = join(this.#root, STAGING, `${name}.lock`);
    // Inside the exclusive section, so that a clean-up never meets a guard between its making and its locking.
    const guard = await this.exclusive(async () => {
      await writeFile(guardPath, '', { flag: 'wx' }); // fails with ENOSPC where the lock would fail with less
      return acquireProcessLock(guardPath);
    });
    const staging = join(this.#root, STAGING, name);
    try {
      await work(staging);
    } catch (error) {
      throw HoldfastError.from(error);
    } finally {
      await removeTree(staging);
      guard?.release();
      await rm(guardPath, { force: true });
    }
  }

  async #open(): Promise<void> {
    await makeDirectoryDurable(join(this.#root, STAGING));
    await this.#locked(async () => {
      const names = await readdir(join(this.#root, STAGING));
      const abandoned = new Set(names.map((name) => name.replace(/\.lock.*$/, '')));
      for (const name of abandoned) await this.#clearAbandoned(name);
      await this.#clearHalfWritten();
    });
  }

  /** Temporary files of `writeFileDurable`: they are written in exclusive sections alone, and this is one. */
  async #clearHalfWritten(): Promise<void> {
    for (const entry of await readdir(this.#root, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      for (const name of await readdir(join(this.#root, entry.name))) {
        if (/\.[0-9a-f]{12}\.tmp$/.test(name)) await rm(join(this.#root, entry.name, name), { force: true });
      }
    }
  }

  async #clearAbandoned(name: string): Promise<void> {
    const staging = join(this.#root, STAGING, name);
    const guard = await acquireProcessLock(`${staging}.lock`);
    if (!guard) return; // its maker lives
    await removeTree(staging);
    guard.release();
    await rm(`${staging}.lock`, { force: true });
  }
}

function directoryBusy(root: string): HoldfastError {
  return new HoldfastError({
    code: 'entry.busy',
    kind: 'unavailable',
    message: `another process has been changing ${root} for ${LOCK_WAIT_MS / 1000} s`,
    hint: 'see that only one platform runs on this data directory, then try again',
  });
}
