import { Keyring } from '../../src/core/keyring.ts';

/** What the killed writer and its judge agree on. */

/** Small, so that segments fill, die and are recycled within the test. */
/** As every process of a test opens its store: small, and with one master key. */
export const storeSizes = {
  segmentBytes: 2 ** 20,
  inlineLimitBytes: 64 * 2 ** 10,
  minPartBytes: 1,
  slackBytes: 0,
  keyring: new Keyring(Buffer.alloc(32, 'a master key of tests')),
};

export interface Operation {
  readonly kind: 'put' | 'multipart' | 'remove';
  readonly key: string;
  readonly seed: number;
  readonly size: number;
}

/** Bytes that only `seed` gives: xorshift32 (Marsaglia, 2003). */
export function contentOf(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(size / 4) * 4);
  let state = seed || 1;
  for (let at = 0; at < bytes.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, at);
  }
  return bytes.subarray(0, size);
}

/** What a key may hold: `undefined` is nothing. More than one while an operation was never answered. */
export type Possible = readonly (Operation | undefined)[];

/** The keys after a run that ended at any moment. */
export class History {
  readonly #keys = new Map<string, Possible>();
  #acknowledged = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get keys(): ReadonlyMap<string, Possible> {
    return this.#keys;
  }

  /** Until its answer the operation may have happened or not. */
  tried(operation: Operation): void {
    const before = this.#keys.get(operation.key) ?? [undefined];
    this.#keys.set(operation.key, [...before, outcome(operation)]);
  }

  done(operation: Operation): void {
    this.#acknowledged++;
    this.#keys.set(operation.key, [outcome(operation)]);
  }

  /** What was found is what is from now on. */
  settle(key: string, found: Operation | undefined): void {
    this.#keys.set(key, [found]);
  }
}

function outcome(operation: Operation): Operation | undefined {
  return operation.kind === 'remove' ? undefined : operation;
}
