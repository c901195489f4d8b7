import { constants, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../core/durable-files.ts';
import { isDiskError, isNodeError } from '../../core/errors.ts';

/** `machine-died`: files that were not synced may hold anything. */
export type LastSession = 'closed' | 'process-died' | 'machine-died';

const NO_BOOT_ID = '-'.repeat(36);

/**
 * Says whether the store was closed, and in which life of the machine it was opened.
 * Always of the same length and overwritten in place, because that needs no space on
 * a full disk. A torn mark reads as "not closed, in an unknown life".
 */
export class SessionMark {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** How the session before this one ended; to be asked before `begin`. */
  async last(): Promise<LastSession> {
    const bootId = await readBootId();
    const left = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      return isNodeError(error, 'ENOENT') ? mark('shut', bootId) : ''; // a new store's, or unreadable
    });
    if (left.startsWith('shut ')) return 'closed';
    return bootId !== NO_BOOT_ID && left === mark('open', bootId) ? 'process-died' : 'machine-died';
  }

  /** From now on a crash is one of this life of the machine: what the last one damaged is gone. */
  async begin(): Promise<void> {
    await this.#write('open', await readBootId());
  }

  async end(): Promise<void> {
    await this.#write('shut', await readBootId());
  }

  /** The session ends as if the machine had died in it. */
  async distrust(): Promise<void> {
    await this.#write('open', NO_BOOT_ID);
  }

  /** Where it is on a bad sector it moves to another. */
  async #write(state: 'open' | 'shut', bootId: string): Promise<void> {
    const text = mark(state, bootId);
    await overwrite(this.#path, text).catch(async (error: unknown) => {
      if (!isDiskError(error)) throw error;
      await rm(this.#path);
      await overwrite(this.#path, text);
    });
    await syncDirectory(dirname(this.#path));
  }
}

async function overwrite(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    await file.write(text, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

function mark(state: 'open' | 'shut', bootId: string): string {
  return `${state} ${bootId}\n`;
}

/** Linux's, see random(4); other systems count every unclosed session as lost. */
async function readBootId(): Promise<string> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return /^[0-9a-f-]{36}$/.exec(id.trim())?.[0] ?? NO_BOOT_ID;
}
