import { rm } from 'node:fs/promises';

interface NewDataFileOptions {
  readonly id: number;
  readonly path: string;
  /** Resolves when the file's name is durable. */
  readonly named: Promise<void>;
  /** Called when it is finished, or nothing is left of it. */
  readonly onEnd: () => void;
}

/** A data file that has its name and not its bytes yet. They are written by a `BodyWriter`, of any process. */
export class NewDataFile {
  readonly #options: NewDataFileOptions;

  constructor(options: NewDataFileOptions) {
    this.#options = options;
    options.named.catch(() => {}); // `finish` tells
  }

  get id(): number {
    return this.#options.id;
  }

  get path(): string {
    return this.#options.path;
  }

  /** With its bytes durable, the whole file is when this resolves. */
  async finish(): Promise<void> {
    await this.#options.named;
    this.#options.onEnd();
  }

  /** Leaves nothing behind: whoever still writes does so to a file without a name. */
  async abandon(): Promise<void> {
    await rm(this.#options.path, { force: true });
    this.#options.onEnd();
  }
}
