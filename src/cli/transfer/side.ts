import { rm } from 'node:fs/promises';
import type { Storage, StorageReader } from '../../../sdk/src/index.ts';
import { isNodeError } from '../../core/errors.ts';
import { cliErrors } from '../errors.ts';
import { unreadable } from '../user-files.ts';
import { readLocalTree } from './local-tree.ts';
import { readObjectTree } from './object-tree.ts';
import type { Tree } from './tree.ts';
import type { UploadSettings } from './upload-settings.ts';

export interface DirectorySide {
  readonly kind: 'directory';
  readonly path: string;
}

/** A bucket, or what a snapshot has of it. */
export interface BucketSource {
  readonly kind: 'bucket';
  readonly storage: StorageReader;
  /** Empty, or ends in `/`. */
  readonly prefix: string;
  /** The snapshot that `storage` reads. */
  readonly snapshot?: string | undefined;
}

export interface BucketTarget extends BucketSource {
  readonly storage: Storage;
  /** Of the objects that files become. */
  readonly settings?: UploadSettings | undefined;
}

/** Where a transfer reads. */
export type Source = DirectorySide | BucketSource;
/** Where it writes. */
export type Target = DirectorySide | BucketTarget;

interface ReadOptions {
  readonly follow?: boolean;
  readonly signal: AbortSignal;
}

/** @throws HoldfastError as `unreadable`, `prefix.empty`, `prefix.object` when it is not there; StorageError */
export async function readSource(side: Source, { follow = false, signal }: ReadOptions): Promise<Tree> {
  if (side.kind === 'bucket') return readPrefix(side, signal);
  try {
    return await readLocalTree(side.path, { follow });
  } catch (error) {
    throw await unreadable(side.path, error, 'directory');
  }
}

/** A bucket may be empty; a prefix without a key is misspelt. */
async function readPrefix({ storage, prefix }: BucketSource, signal: AbortSignal): Promise<Tree> {
  const tree = await readObjectTree(storage, prefix, signal);
  if (tree.exists || prefix === '') return tree;
  const key = prefix.slice(0, -1);
  const [first] = key === '' ? [] : await Array.fromAsync(storage.list({ prefix: key, limit: 1, signal }));
  throw first?.key === key
    ? cliErrors.notADirectory(storage.bucket, key)
    : cliErrors.nothingThere(storage.bucket, prefix);
}

/**
 * A directory that is not there yet is empty. Its links are never followed: what they lead to is not the target. Unless
 * `dryRun`, what killed runs have left in it goes.
 */
export async function readTarget(
  side: Target,
  { signal, dryRun }: ReadOptions & { readonly dryRun: boolean },
): Promise<Tree> {
  if (side.kind === 'bucket') return readObjectTree(side.storage, side.prefix, signal);
  try {
    const tree = await readLocalTree(side.path);
    if (!dryRun) await Promise.all(tree.forsaken.map((path) => rm(path, { force: true }).catch(() => {}))); // it takes room, no more
    return tree;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return { entries: new Map(), skipped: [], unreadable: [] };
    throw await unreadable(side.path, error, 'directory');
  }
}
