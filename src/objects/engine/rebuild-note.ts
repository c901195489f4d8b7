import { readFile } from 'node:fs/promises';
import { writeFileDurable } from '../../core/durable-files.ts';
import type { IndexRebuild } from '../store/index-rebuild.ts';

/** Without an end: a rebuild is to come, or under way. */
type Note = Partial<IndexRebuild>;

/**
 * The last rebuild of the index, and what it was for: another start than the one that found the damage may do it. It
 * is for people: what cannot be written or read of it keeps nothing from going on.
 */
export class RebuildNote {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The index will not be used again. */
  async begin(damage: string): Promise<void> {
    await this.#write({ damage });
  }

  /** `undefined`: none is under way. */
  async begun(): Promise<Pick<IndexRebuild, 'damage'> | undefined> {
    const note = await this.#read();
    return note && !isComplete(note) ? note : undefined;
  }

  async end(rebuild: IndexRebuild): Promise<void> {
    await this.#write(rebuild);
  }

  async last(): Promise<IndexRebuild | undefined> {
    const note = await this.#read();
    return note && isComplete(note) ? note : undefined;
  }

  async #write(note: Note): Promise<void> {
    await writeFileDurable(this.#path, JSON.stringify(note)).catch(() => {});
  }

  async #read(): Promise<Note | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as Note;
    } catch {
      return undefined;
    }
  }
}

function isComplete(note: Note): note is IndexRebuild {
  return Number.isFinite(note.at) && Number.isFinite(note.tookMs);
}
