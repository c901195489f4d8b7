import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { FuzzWork } from '../tests/fuzz/fuzz-worker.ts';
import { fuzzTargets } from '../tests/fuzz/targets.ts';

/**
 * `npm run fuzz -- [--inputs 1000000] [--seconds 600] [--seed N] [--target text]`: every target
 * gets so many inputs, or as many as it takes in its seconds. Ends with 1 at a finding.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string' },
    target: { type: 'string', default: '' },
  },
});
const WATCH_MS = 1000;
const HANGS_AFTER_MS = 20_000;

/** @returns whether it found nothing */
async function run(target: string, seed: number): Promise<boolean> {
  const progress = new SharedArrayBuffer(4);
  const workerData: FuzzWork = {
    target,
    seed,
    progress,
    inputs: Number(values.inputs),
    maxMs: Number(values.seconds) * 1000,
  };
  const worker = new Worker(new URL('../tests/fuzz/fuzz-worker.ts', import.meta.url), { workerData });
  const watch = watchForHang(new Int32Array(progress), (input) => {
    console.error(`${target}, seed ${seed}, input ${input}: hangs`);
    void worker.terminate();
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  worker.once('error', (error) => console.error(error instanceof Error ? error.message : error));
  worker.once('exit', (code) => resolve(code === 0));
  try {
    return await promise;
  } finally {
    clearInterval(watch);
  }
}

function watchForHang(current: Int32Array<SharedArrayBuffer>, onHang: (input: number) => void): NodeJS.Timeout {
  let [last, since] = [-1, Date.now()];
  return setInterval(() => {
    const input = Atomics.load(current, 0);
    if (input !== last) [last, since] = [input, Date.now()];
    else if (Date.now() - since > HANGS_AFTER_MS) onHang(input);
  }, WATCH_MS);
}

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed}`);
let sound = true;
for (const { name } of fuzzTargets.filter(({ name }) => name.includes(values.target))) {
  sound = (await run(name, seed)) && sound;
}
process.exitCode = sound ? 0 : 1;
