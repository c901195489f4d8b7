import { setTimeout as sleep } from 'node:timers/promises';
import { Storage } from '@holdfast/storage';
import { readConfig } from './config.ts';
import { openSharedFolder } from './shared-folder.ts';
import { Thumbnailer } from './thumbnailer.ts';

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stopping.abort());

const shared = await openSharedFolder(readConfig().sharedDirectory);
const thumbnailer = new Thumbnailer(new Storage('images'), shared);
console.log('waiting for pictures');

let failures = 0;
for await (const id of shared.jobs.arrivals(stopping.signal)) {
  try {
    await thumbnailer.process(id, stopping.signal);
    failures = 0;
  } catch (error) {
    if (stopping.signal.aborted) break;
    // The bucket or the disk is away: the job stays, and so does the rest of the queue.
    failures += 1;
    console.error(`thumbnail of ${id}:`, error);
    await sleep(Math.min(30_000, 250 * 2 ** failures), undefined, { signal: stopping.signal }).catch(() => {});
  }
}
console.log('stopped');
