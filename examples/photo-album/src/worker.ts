import { setTimeout as sleep } from 'node:timers/promises';
import { Storage } from '@holdfast/storage';
import { readConfig } from './config.ts';
import { JobQueue } from './job-queue.ts';
import { openSharedFolder } from './shared-folder.ts';
import { Thumbnailer } from './thumbnailer.ts';

const POLL_MS = 500;

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort());

const config = readConfig();
const jobs = new JobQueue(new Storage('jobs'), config);
const shared = await openSharedFolder(config.sharedDirectory);
const thumbnailer = new Thumbnailer(new Storage('images'), jobs, shared);
console.log('waiting for pictures');

let failures = 0;
while (!stopping.signal.aborted) {
  await attempt('the queue', async () => {
    for await (const id of jobs.pending(stopping.signal)) {
      await attempt(`thumbnail of ${id}`, () => thumbnailer.process(id, stopping.signal));
    }
  });
  await pause(POLL_MS);
}
console.log('stopped');

/** What fails because a bucket or the disk is away comes again: the job stays, and so does the rest of the queue. */
async function attempt(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    failures = 0;
  } catch (error) {
    if (stopping.signal.aborted) return;
    failures += 1;
    console.error(`${what}:`, error);
    await pause(Math.min(30_000, 250 * 2 ** failures));
  }
}

async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});
}
