import { HoldfastError } from '../../src/core/errors.ts';
import { Random } from '../simulation/random.ts';

/** What is fed with hostile input. */
export interface FuzzTarget {
  readonly name: string;
  /**
   * Makes one input and feeds it; gives whether it was taken. A HoldfastError is a refusal,
   * which is fine; every other error is a finding.
   */
  attempt(random: Random): Promise<boolean> | boolean;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly accepted: number;
}

interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /** No more of them after that time, but for the first `least`. */
  readonly maxMs?: number;
  readonly least?: number;
  readonly onInput?: (input: number) => void;
}

/** An input of a few kilobytes that takes longer would hold up everyone else. */
const SLOW_MS = 2000;

/** Every input has a seed of its own, so that a finding is repeated without what came before it. */
export function inputSeed(seed: number, input: number): number {
  return (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(input, 0xc2b2ae35)) >>> 0;
}

/** @throws Error with the seed and the input's number at the first finding */
export async function fuzz({ name, attempt }: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, inputs, maxMs = Number.POSITIVE_INFINITY, least = 0, onInput } = options;
  const startedAt = performance.now();
  let accepted = 0;
  let input = 0;
  const goesOn = () => input < inputs && (input < least || performance.now() - startedAt < maxMs);
  for (; goesOn(); input++) {
    onInput?.(input);
    const before = process.threadCpuUsage();
    try {
      if (await attempt(new Random(inputSeed(seed, input)))) accepted++;
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind === 'internal') throw finding(name, { seed, input }, error);
    }
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1000;
    if (ms > SLOW_MS) throw finding(name, { seed, input }, new Error(`took ${Math.round(ms)} ms of the processor`));
  }
  return { inputs: input, accepted };
}

function finding(name: string, { seed, input }: { seed: number; input: number }, cause: unknown): Error {
  const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return new Error(`${name}, seed ${seed}, input ${input}: ${what}`, { cause });
}
