import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar';
import { HoldfastError, isNodeError } from '../core/errors.ts';
import { buildAborted, sourceRefused } from './errors.ts';
import { SourceTree, type TreeLimits } from './source-tree.ts';

export interface UnpackOptions {
  readonly limits?: Partial<TreeLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks a gzipped tar, from whoever may deploy, into an existing empty directory.
 * @throws HoldfastError `build.source` for what is broken or would reach outside; what was unpacked till then stays
 */
export async function unpackSource(
  archivePath: string,
  directory: string,
  { limits, signal }: UnpackOptions = {},
): Promise<void> {
  const tree = new SourceTree(directory, limits);
  try {
    await readEntries(archivePath, { tree, signal });
    if (tree.isEmpty) throw sourceRefused('it holds no files');
  } catch (error) {
    if (signal?.aborted) throw buildAborted();
    if (error instanceof HoldfastError) throw error;
    // What the system refuses is the machine's trouble; what tar and zlib refuse is the archive's.
    if (isNodeError(error) && error.syscall) throw HoldfastError.from(error);
    throw sourceRefused(error instanceof Error ? error.message : String(error), error);
  } finally {
    await tree.close();
  }
}

interface ReadEntriesInput {
  readonly tree: SourceTree;
  readonly signal: AbortSignal | undefined;
}

/** The parser gives the next entry when the content of the last has been read; they are added in order. */
async function readEntries(archivePath: string, { tree, signal }: ReadEntriesInput): Promise<void> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // awaited below, or of no interest any more
  let added: Promise<void> = Promise.resolve();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      added = added.then(() => tree.add(entry));
      added.catch(failed.reject);
    },
  });
  parser.on('error', failed.reject);
  const event = (name: 'drain' | 'end') =>
    Promise.race([failed.promise, new Promise<void>((resolve) => parser.once(name, resolve))]);
  let complete = false;
  parser.once('eof', () => {
    complete = true;
  });
  // Unzipped here and not by the parser, to stop at the end mark: zeros after it cost nothing to send and much to parse.
  const feed = async (unzipped: AsyncIterable<Buffer>) => {
    for await (const chunk of unzipped) {
      if (!parser.write(chunk)) await event('drain');
      if (complete) return;
    }
  };
  await pipeline(createReadStream(archivePath), createGunzip(), feed, signal ? { signal } : {}).catch((error) => {
    if (!complete) throw error; // else it says that we stopped
  });
  if (!complete) throw sourceRefused('it is cut off');
  const end = event('end');
  parser.end();
  await end;
  await Promise.race([failed.promise, added]);
}
