import { readJsonFile, writeFileDurable } from '../../../core/durable-files.ts';
import { isDiskError } from '../../../core/errors.ts';

/** Who follows the journal, and from where on each needs it; durable. */
export class FeedConsumers {
  readonly #path: string;
  #positions: ReadonlyMap<string, number>;
  /** The file was damaged: anyone may need everything, until it is written again. */
  #isLost = false;
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(path: string, positions: ReadonlyMap<string, number>) {
    this.#path = path;
    this.#positions = positions;
  }

  static async open(path: string): Promise<FeedConsumers> {
    try {
      return new FeedConsumers(path, positionsOf((await readJsonFile<object>(path)) ?? {}));
    } catch (error) {
      if (!(error instanceof SyntaxError) && !isDiskError(error)) throw error;
      const consumers = new FeedConsumers(path, new Map());
      consumers.#isLost = true;
      return consumers;
    }
  }

  get count(): number {
    return this.#positions.size;
  }

  /** The first position that anyone needs; infinite when nobody follows. */
  get first(): number {
    return this.#isLost ? 0 : Math.min(...this.#positions.values());
  }

  has(consumer: string): boolean {
    return this.#positions.has(consumer);
  }

  position(consumer: string): number | undefined {
    return this.#positions.get(consumer) ?? (this.#isLost ? 0 : undefined);
  }

  /** Held from the call on, released once that is durable: a crash must not bring an older position back. */
  async set(consumer: string, position: number): Promise<void> {
    const isNew = !this.#positions.has(consumer);
    if (isNew) this.#positions = new Map(this.#positions).set(consumer, position);
    try {
      await this.#change((positions) => positions.set(consumer, position));
    } catch (error) {
      if (isNew) this.#positions = new Map([...this.#positions].filter(([name]) => name !== consumer));
      throw error;
    }
  }

  async remove(consumer: string): Promise<void> {
    if (this.has(consumer) || this.#isLost) await this.#change((positions) => positions.delete(consumer));
  }

  /** One after the other; one that fails does not stop the next. */
  #change(change: (positions: Map<string, number>) => void): Promise<void> {
    const changed = this.#lastWrite.then(async () => {
      const positions = new Map(this.#positions);
      change(positions);
      await writeFileDurable(this.#path, JSON.stringify(Object.fromEntries(positions)));
      this.#positions = positions;
      this.#isLost = false;
    });
    this.#lastWrite = changed.catch(() => {});
    return changed;
  }
}

/** @throws SyntaxError where they are none: nobody's place in the journal may be guessed */
function positionsOf(value: object): ReadonlyMap<string, number> {
  const entries = Object.entries(value);
  if (!entries.every(([, position]) => Number.isSafeInteger(position) && position >= 0)) {
    throw new SyntaxError('a position in the journal is none');
  }
  return new Map(entries);
}
