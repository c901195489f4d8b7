import { Worker } from 'node:worker_threads';
import { type FuzzArguments, parseFuzzArguments, UsageError, usage } from '../tests/fuzz/arguments.ts';
import type { FuzzWork } from '../tests/fuzz/fuzz-worker.ts';
import { fuzzTargets } from '../tests/fuzz/targets.ts';

/**
 * `npm run fuzz`: every target gets so many inputs, or as many as it takes in its seconds.
 * Ends with 1 at a finding.
 */
const WATCH_MS = 1000;
const HANGS_AFTER_MS = 20_000;

/** @returns whether it found nothing */
async function run(target: string, { seed, inputs, seconds }: FuzzArguments & { seed: number }): Promise<boolean> {
  const progress = new SharedArrayBuffer(4);
  const workerData: FuzzWork = {
    target,
    seed,
    progress,
    inputs,
    maxMs: seconds * 1000,
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

async function main(argv: readonly string[]): Promise<number> {
  const options = parseFuzzArguments(argv, names);
  if (!options) {
    console.log(usage(names));
    return 0;
  }
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  let sound = true;
  for (const target of options.targets) sound = (await run(target, { ...options, seed })) && sound;
  return sound ? 0 : 1;
}

const names = fuzzTargets.map(({ name }) => name);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage(names)}`);
  process.exitCode = 2;
}
