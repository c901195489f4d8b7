import { expect, test } from 'vitest';
import { HoldfastError } from '../../src/core/errors.ts';
import { fuzz } from '../fuzz/fuzz-target.ts';
import { fuzzTargets } from '../fuzz/targets.ts';

/** The short run; `npm run fuzz` takes a million inputs a target. */
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

test.each(fuzzTargets)(`$name: hostile input is refused and nothing else (FUZZ_SEED=${SEED})`, async (target) => {
  const { inputs, accepted } = await fuzz(target, { seed: SEED, inputs: 3000, maxMs: 2000 });
  // Some inputs are good: a target that takes none would show nothing.
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(inputs);
});

test('a crash, and input that is slow, are findings; a refusal is none', async () => {
  const run = (error: unknown) =>
    fuzz({ name: 'planted', attempt: () => Promise.reject(error) }, { seed: 1, inputs: 2 });
  await expect(run(new TypeError('planted'))).rejects.toThrow(/planted, seed 1, input 0: TypeError/);
  await expect(run(new HoldfastError({ code: 'x', kind: 'internal', message: 'm' }))).rejects.toThrow('seed 1');
  expect(await run(new HoldfastError({ code: 'x', kind: 'invalid', message: 'm' }))).toEqual({
    inputs: 2,
    accepted: 0,
  });
});
