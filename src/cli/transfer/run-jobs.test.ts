import { expect, it } from 'vitest';
import { type Job, runJobs } from './run-jobs.ts';

/** A job that runs until the test lets it end. */
function held(weight: number) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const run = async () => {
    job.begun = true;
    await promise;
  };
  const job = { weight, begun: false, end: resolve, fail: reject, run };
  return job;
}

const begun = (jobs: readonly { readonly begun: boolean }[]) => jobs.map((job) => job.begun);
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs as many as there is room for, and one that is larger than all of it alone', async () => {
  const jobs = [held(3), held(3), held(50), held(1)] as const;
  const done = runJobs(jobs satisfies readonly Job[], { jobs: 3, weight: 8 });
  expect(begun(jobs)).toEqual([true, true, false, false]);
  jobs[0].end();
  await turn();
  expect(begun(jobs)).toEqual([true, true, false, false]);
  jobs[1].end();
  await turn();
  expect(begun(jobs)).toEqual([true, true, true, false]);
  jobs[2].end();
  jobs[3].end();
  await done;
});

it('begins none after a failure, waits for those that run, and throws the first', async () => {
  const jobs = [held(1), held(1), held(1)] as const;
  let ended = false;
  const done = runJobs(jobs, { jobs: 2, weight: 9 }).finally(() => {
    ended = true;
  });
  jobs[0].fail(new Error('first'));
  await turn();
  expect([begun(jobs), ended]).toEqual([[true, true, false], false]);
  jobs[1].fail(new Error('second'));
  await expect(done).rejects.toThrow('first');
});
