import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HoldfastError } from '../../src/core/errors.ts';
import type { Authenticate } from '../../src/objects/access/authenticate.ts';
import { fuzz } from '../fuzz/fuzz-target.ts';
import { fuzzedAuthenticate, signatureTargets } from '../fuzz/signature-targets.ts';
import { fuzzTargets } from '../fuzz/targets.ts';

/** The short run; `npm run fuzz` takes a million inputs a target. Of those that take time one in twenty is good. */
const INPUTS = { inputs: 3000, maxMs: 1000, least: 500 };
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));

test.each(fuzzTargets)(`$name: hostile input is refused and nothing else (FUZZ_SEED=${SEED})`, async (target) => {
  const { inputs, accepted } = await fuzz(target, { seed: SEED, ...INPUTS });
  // Some inputs are good: a target that takes none would show nothing.
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(inputs);
});

/** Faults that a verifier could have, each around the true one. */
const FAULTY: Readonly<Record<string, Authenticate>> = {
  'headers that were not signed are not looked at': (head) => {
    const signed = /SignedHeaders=([^,]*)/.exec(head.headers.get('authorization') ?? '')?.[1]?.split(';') ?? [];
    const headers = [...head.headers].filter(([name]) => name === 'authorization' || signed.includes(name));
    return fuzzedAuthenticate({ ...head, headers: new Map(headers) });
  },
  'the method is not covered': (head) => fuzzedAuthenticate({ ...head, method: 'GET' }),
  'a query without value is not covered': (head) =>
    fuzzedAuthenticate({ ...head, query: head.query.filter(([, value]) => value !== '') }),
};

test.each(Object.entries(FAULTY))('finds a verifier where %s', async (_what, authenticate) => {
  const found = await Promise.allSettled(
    signatureTargets(authenticate).map((target) => fuzz(target, { seed: SEED, inputs: 10_000 })),
  );
  const reasons = found.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  expect(reasons.join('\n')).toContain('a bad signature was accepted');
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

const program = join(import.meta.dirname, '../../scripts/fuzz.ts');

test.each([
  [['--help'], 0, /^usage: npm run fuzz/],
  [['--target', 'nothing'], 2, /^there is no target with "nothing" in its name\n\nusage: /],
  [['--inputs', 'many'], 2, /^--inputs wants a whole number, not "many"\n\nusage: /],
  [['--speed', '9'], 2, /^Unknown option '--speed'.*\n\nusage: /],
  [['--target', fuzzTargets[0]?.name ?? '', '--inputs', '5', '--seed', '1'], 0, /^seed 1\n.*: 5 inputs, .* refused\n$/],
])('`npm run fuzz -- %j` ends with %i and says how it is used', (args, code, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(status).toBe(code);
  expect(code === 0 ? stdout : stderr).toMatch(message);
  expect(code === 0 ? stderr : stdout).toBe('');
  if (!args.includes('--seed')) for (const { name } of fuzzTargets) expect(stdout + stderr).toContain(`\n  ${name}\n`);
});
