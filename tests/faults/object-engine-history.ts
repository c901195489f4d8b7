import { Keyring } from '../../src/core/keyring.ts';
import { UploadHistory } from './object-engine-uploads.ts';

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
  /** Does one after the other. */
  readonly writer: number;
  /** That it completes. */
  readonly uploadId?: string | undefined;
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

/** What a key may hold: `undefined` is nothing. */
export type Possible = readonly (Operation | undefined)[];

interface Attempt {
  readonly outcome: Operation | undefined;
  /** It was over when this one began: what this one has done was done to its outcome. */
  readonly earlier: ReadonlySet<Attempt>;
  isOver: boolean;
}

const found = (outcome: Operation | undefined): Attempt => ({ outcome, earlier: new Set(), isOver: true });

/**
 * The keys after a run that ended at any moment. What was never answered may have happened or not; of what
 * went on at the same time any can be the last.
 */
export class History {
  readonly uploads = new UploadHistory();
  readonly #keys = new Map<string, readonly Attempt[]>();
  /** By writer, the newest. */
  readonly #attempts = new Map<number, Attempt>();
  #acknowledged = 0;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get keys(): ReadonlyMap<string, Possible> {
    return new Map([...this.#keys].map(([key, attempts]) => [key, attempts.map(({ outcome }) => outcome)]));
  }

  tried(operation: Operation): void {
    const { key, writer, kind, uploadId } = operation;
    const before = this.#attempts.get(writer);
    if (before) before.isOver = true;
    const attempts = this.#keys.get(key) ?? [found(undefined)];
    const earlier = new Set(attempts.filter(({ isOver }) => isOver));
    const attempt = { outcome: kind === 'remove' ? undefined : operation, earlier, isOver: false };
    this.#attempts.set(writer, attempt);
    this.#keys.set(key, [...attempts, attempt]);
    if (uploadId !== undefined) this.uploads.ends(uploadId);
  }

  done({ key, writer, uploadId }: Operation): void {
    this.#acknowledged++;
    const attempt = this.#attempts.get(writer);
    if (!attempt) throw new Error(`writer ${writer} was answered and has not asked`);
    attempt.isOver = true;
    this.#keys.set(
      key,
      (this.#keys.get(key) ?? []).filter((one) => !attempt.earlier.has(one)),
    );
    if (uploadId !== undefined) this.uploads.ended(uploadId);
  }

  /** What was found is what is from now on. */
  settle(key: string, outcome: Operation | undefined): void {
    this.#keys.set(key, [found(outcome)]);
  }
}
