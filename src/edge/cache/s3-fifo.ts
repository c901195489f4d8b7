/**
 * Which entries stay: S3-FIFO (Yang et al., SOSP 2023). What is new passes through a small queue and
 * stays only if it is asked for again; what was dropped from there and comes back is taken at once.
 * So a crawler that asks for everything once does not push out what many ask for.
 */
export class S3Fifo {
  readonly #maxBytes: number;
  readonly #small = new Queue();
  readonly #main = new Queue();
  /** Ids, without bytes, of what left the small queue. */
  readonly #ghosts = new Set<string>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes;
  }

  /** Takes it in, in place of one of the same id, and returns the ids that leave: its own where it is too large. */
  add(id: string, bytes: number, { proven = false } = {}): readonly string[] {
    const { hits = 0 } = this.#small.get(id) ?? this.#main.get(id) ?? {};
    const toMain = proven || this.#main.get(id) !== undefined || this.#ghosts.delete(id);
    this.remove(id);
    if (bytes > this.#maxBytes) return [id];
    (toMain ? this.#main : this.#small).push(id, { bytes, hits });
    return this.#evict();
  }

  /** It was asked for. */
  touch(id: string): void {
    const entry = this.#small.get(id) ?? this.#main.get(id);
    if (entry && entry.hits < MAX_HITS) entry.hits++;
  }

  remove(id: string): void {
    this.#small.remove(id);
    this.#main.remove(id);
  }

  #evict(): readonly string[] {
    const evicted: string[] = [];
    while (this.bytes > this.#maxBytes) {
      const fromSmall = this.#small.bytes > this.#maxBytes * SMALL_SHARE || this.#main.size === 0;
      const id = fromSmall ? this.#leaveSmall() : this.#leaveMain();
      if (id !== undefined) evicted.push(id);
    }
    return evicted;
  }

  #leaveSmall(): string | undefined {
    const [id, entry] = this.#small.shift();
    if (entry.hits > 0) {
      this.#main.push(id, { ...entry, hits: 0 });
      return undefined;
    }
    this.#ghosts.add(id);
    if (this.#ghosts.size > Math.max(MIN_GHOSTS, this.#main.size)) this.#ghosts.delete(first(this.#ghosts));
    return id;
  }

  #leaveMain(): string | undefined {
    const [id, entry] = this.#main.shift();
    if (entry.hits === 0) return id;
    this.#main.push(id, { ...entry, hits: entry.hits - 1 });
    return undefined;
  }
}

const MAX_HITS = 3;
const SMALL_SHARE = 0.1;
const MIN_GHOSTS = 1000;

interface Entry {
  readonly bytes: number;
  hits: number;
}

/** First in, first out: a Map keeps the order of its insertions. */
class Queue {
  readonly #entries = new Map<string, Entry>();
  bytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  push(id: string, entry: Entry): void {
    this.#entries.set(id, entry);
    this.bytes += entry.bytes;
  }

  shift(): [id: string, entry: Entry] {
    const id = first(this.#entries.keys());
    const entry = this.#entries.get(id) as Entry;
    this.remove(id);
    return [id, entry];
  }

  remove(id: string): void {
    this.bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }
}

function first(ids: Iterable<string>): string {
  for (const id of ids) return id;
  throw new Error('the queue is empty');
}
