import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDirectory, writeFileDurable } from './durable-files.ts';

/**
 * Messages between services as files of a directory that both mount, one file
 * a message. A message is there until its receiver removes it, so that it is
 * handled at least once, whoever crashes in between.
 */
export class Mailbox<Message> {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open<Message>(directory: string): Promise<Mailbox<Message>> {
    await openDirectory(directory);
    return new Mailbox(directory);
  }

  /** Durable when it resolves. Takes the place of an earlier message of that id. */
  async send(id: string, message: Message): Promise<void> {
    await writeFileDurable(this.#path(id), JSON.stringify(message));
  }

  /** `undefined` when it has been removed. */
  async read(id: string): Promise<Message | undefined> {
    try {
      return JSON.parse(await readFile(this.#path(id), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
  }

  /** Oldest first, as ids sort by time. */
  async pending(): Promise<string[]> {
    const files = await readdir(this.#directory);
    return files
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  }

  /** Ids as they come, until `signal`. One that is not removed comes again at the next round. */
  async *arrivals(signal: AbortSignal, { pollMs = 2_000 } = {}): AsyncGenerator<string, void, void> {
    const bell = new Bell(this.#directory, signal);
    while (!signal.aborted) {
      for (const id of await this.pending()) {
        if (signal.aborted) return;
        yield id;
      }
      await bell.wait(pollMs);
    }
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}

/** Rings when the directory changes. Network filesystems do not tell of changes by others; hence the longest wait. */
class Bell {
  readonly #signal: AbortSignal;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(directory: string, signal: AbortSignal) {
    this.#signal = signal;
    const watcher = this.#watch(directory);
    signal.addEventListener('abort', () => {
      watcher?.close();
      this.#ring();
    });
  }

  async wait(longestMs: number): Promise<void> {
    if (!this.#rung && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longestMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }

  /** Without a watcher (their number is limited) there is still the poll. */
  #watch(directory: string): FSWatcher | undefined {
    try {
      return watch(directory, () => this.#ring()).on('error', () => {});
    } catch {
      return undefined;
    }
  }

  #ring(): void {
    this.#rung = true;
    this.#wake?.();
  }
}
