import { setTimeout as sleep } from 'node:timers/promises';
import { Storage } from '@holdfast/storage';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { JobQueue } from './job-queue.ts';
import { Library } from './library.ts';
import { Pictures } from './pictures.ts';
import { openSharedFolder } from './shared-folder.ts';

/** Requests under way may take so long after SIGTERM. */
const DRAIN_MS = 8_000;

const config = readConfig();
const storage = new Storage('images');
const library = new Library(config.database);
const shared = await openSharedFolder(config.sharedDirectory);
const jobs = new JobQueue(new Storage('jobs'), config);
const pictures = new Pictures({ storage, library, jobs, shared });
const stopping = new AbortController();

const app = createApp({
  storage,
  library,
  pictures,
  shared,
  footer: { release: config.release, instance: config.instance },
});
const server = app.listen(config.port, config.host, (error) => {
  if (error) throw error;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.port;
  console.log(`http://${config.host}:${port}`);
});
// A client that goes on with its connection after SIGTERM is told to open another, to the next instance.
server.on('request', (_req, res) => {
  if (stopping.signal.aborted) res.setHeader('Connection', 'close');
});

const background = Promise.all([
  keepTrying('recovery', () => pictures.recover(stopping.signal)),
  keepTrying('thumbnail results', () => pictures.followResults(stopping.signal)),
]);

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);

async function stop(): Promise<void> {
  stopping.abort();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(timer);
  await background;
  library.close();
  console.log('stopped');
}

/** Work that a store or a disk which is away for a moment must not end. */
async function keepTrying(what: string, work: () => Promise<void>): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      return await work();
    } catch (error) {
      console.error(`${what}:`, error);
      await sleep(2_000, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }
}
