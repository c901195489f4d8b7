import { syncDirectory } from '../../../core/durable-files.ts';

/** Makes new names of one directory durable. Those who ask while a sync is under way share the next one. */
export class DirectorySync {
  readonly #path: string;
  readonly #sync: (path: string) => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(path: string, sync = syncDirectory) {
    this.#path = path;
    this.#sync = sync;
  }

  /** What had a name before the call keeps it when it resolves. */
  run(): Promise<void> {
    if (this.#running) {
      this.#next ??= this.#running.catch(() => {}).then(() => this.#start());
      return this.#next;
    }
    return this.#start();
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = this.#sync(this.#path).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
