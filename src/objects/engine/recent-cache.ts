interface RecentCacheOptions<Value> {
  /** What all entries may weigh together. */
  readonly limit: number;
  readonly weigh: (value: Value) => number;
}

/**
 * What was used last, in two generations: each weighs at most half the limit, and when the young
 * one is full, the old one goes. A look-up writes nothing but where it brings an entry over to the young.
 */
export class RecentCache<Key, Value extends NonNullable<unknown> | null> {
  readonly #options: RecentCacheOptions<Value>;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  /** Of the young. */
  #weight = 0;

  constructor(options: RecentCacheOptions<Value>) {
    this.#options = options;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.delete(key);
    const weight = this.#options.weigh(value);
    const limit = this.#options.limit / 2;
    if (weight > limit) return;
    if (this.#weight + weight > limit) this.#age();
    this.#young.set(key, value);
    this.#weight += weight;
  }

  delete(key: Key): void {
    const young = this.#young.get(key);
    if (young !== undefined) this.#weight -= this.#options.weigh(young);
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = 0;
  }
}
