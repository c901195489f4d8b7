import { workerData } from 'node:worker_threads';
import { fuzz } from './fuzz-target.ts';
import { fuzzTargets } from './targets.ts';

/** One target in a thread of its own, which can be watched from outside and ended when it hangs. */
export interface FuzzWork {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  readonly maxMs: number;
  /** One Int32: the input at work. */
  readonly progress: SharedArrayBuffer;
}

const { target: name, progress, ...options } = workerData as FuzzWork;
const target = fuzzTargets.find((one) => one.name === name);
if (!target) throw new Error(`there is no target "${name}"`);
const current = new Int32Array(progress);
const { inputs, accepted } = await fuzz(target, {
  ...options,
  onInput: (input) => void Atomics.store(current, 0, input),
});
console.log(`${name}: ${inputs} inputs, ${accepted} taken, ${inputs - accepted} refused`);
