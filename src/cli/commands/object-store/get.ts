import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { OpenedObject } from '../../../../sdk/src/index.ts';
import { formatBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { untilInterrupted } from '../../interruption.ts';
import { startProgress } from '../../output/progress.ts';
import { withBucket } from './open-bucket.ts';

export function getObject(buckets: Command): void {
  buckets
    .command('get <bucket> <key> [file]')
    .description('download an object to a file, or with - to the output; the file defaults to the name in the key')
    .addHelpText(
      'after',
      examples('object-store get my-app-images users/1/cat.jpg', 'object-store get my-app-images notes.txt - | wc'),
    )
    .action(
      action(async ({ api }, bucket: string, key: string, file: string | undefined) =>
        withBucket(api, bucket, async (storage) => {
          const object = await storage.open(key);
          if (!object) throw cliErrors.objectMissing(bucket, key);
          if (file === '-') {
            await pipeline(object.stream(), process.stdout, { end: false });
            return undefined;
          }
          const path = file ?? basename(key);
          const saved = await untilInterrupted((signal) => save(object, { path, key, signal }));
          if (!saved) return undefined;
          const { size, type, etag } = object;
          return { data: { bucket, key, file: path, size, type, etag }, text: `${path}: ${formatBytes(size)}` };
        }),
      ),
    );
}

interface Target {
  readonly path: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

/** The file appears under its name when it is whole. */
async function save(object: OpenedObject, { path, key, signal }: Target): Promise<true> {
  const partial = `${path}.part`;
  const progress = startProgress(`Downloading ${key}`);
  let done = 0;
  const count = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      yield chunk;
      done += chunk.length;
      progress.update(done, object.size);
    }
  };
  try {
    await pipeline(object.stream(), count, createWriteStream(partial), { signal });
    await rename(partial, path);
    return true;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    progress.end();
  }
}
