import { join } from 'node:path';
import { downloadFile } from './download-file.ts';
import type { BucketSource, BucketTarget, DirectorySide, Source, Target } from './side.ts';
import type { TargetDirectory } from './target-directory.ts';
import { type Entry, isDirectory } from './tree.ts';
import { uploadFile } from './upload-file.ts';

export interface CopyContext {
  readonly from: Source;
  readonly to: Target;
  /** Of `to`, where that is a directory. */
  readonly directory: TargetDirectory;
  readonly signal: AbortSignal;
  /** `moved` of this entry went through the network so far; `resumed` had been there. */
  readonly onBytes: (bytes: { readonly moved: number; readonly resumed: number }) => void;
}

const DIRECTORY_TYPE = 'application/x-directory';

export async function copyEntry(entry: Entry, context: CopyContext): Promise<void> {
  const { from, to } = context;
  if (from.kind === 'directory') return upload(entry, { ...context, from, to: to as BucketTarget });
  if (to.kind === 'directory') return download(entry, { ...context, from, to });
  const [source, target] = [from.prefix + entry.path, to.prefix + entry.path];
  const at = from.snapshot;
  await to.storage.copy(source, target, { fromBucket: from.storage.bucket, at, signal: context.signal });
  context.onBytes({ moved: entry.size, resumed: 0 });
}

async function upload(
  entry: Entry,
  { from, to, signal, onBytes }: CopyContext & { readonly from: DirectorySide; readonly to: BucketTarget },
): Promise<void> {
  const key = to.prefix + entry.path;
  if (isDirectory(entry)) {
    await to.storage.put(key, '', { contentType: DIRECTORY_TYPE, signal });
    return;
  }
  await uploadFile(to.storage, {
    key,
    path: join(from.path, entry.path),
    settings: to.settings,
    signal,
    onProgress: ({ loaded, resumed }) => onBytes({ moved: loaded - resumed, resumed }),
  });
}

async function download(
  entry: Entry,
  { from, directory, signal, onBytes }: CopyContext & { readonly from: BucketSource },
): Promise<void> {
  await directory.makeRoom(entry.path);
  if (isDirectory(entry)) return;
  const object = await from.storage.head(from.prefix + entry.path, { signal });
  if (object === null) throw new Error('it was removed while the transfer ran');
  let moved = 0;
  let resumed = 0;
  await downloadFile(from.storage, {
    object,
    path: directory.pathOf(entry.path),
    modified: entry.modified,
    signal,
    onBytes: (bytes) => {
      moved += bytes.received;
      resumed += bytes.resumed;
      onBytes({ moved, resumed });
    },
  });
}
