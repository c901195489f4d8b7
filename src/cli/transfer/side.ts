import type { Storage, StorageReader } from '../../../sdk/src/index.ts';
import { isNodeError } from '../../core/errors.ts';
import { cliErrors } from '../errors.ts';
import { readLocalTree } from './local-tree.ts';
import { readObjectTree } from './object-tree.ts';
import type { Tree } from './tree.ts';

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
}

/** Where a transfer reads. */
export type Source = DirectorySide | BucketSource;
/** Where it writes. */
export type Target = DirectorySide | BucketTarget;

interface ReadOptions {
  readonly follow?: boolean;
  readonly signal: AbortSignal;
}

/** @throws HoldfastError `file.unreadable` when the directory is not there; StorageError */
export async function readSource(side: Source, { follow = false, signal }: ReadOptions): Promise<Tree> {
  if (side.kind === 'bucket') return readObjectTree(side.storage, side.prefix, signal);
  try {
    return await readLocalTree(side.path, { follow });
  } catch (error) {
    throw cliErrors.unreadable(side.path, error as Error);
  }
}

/** A directory that is not there yet is empty. Its links are never followed: what they lead to is not the target. */
export async function readTarget(side: Target, { signal }: ReadOptions): Promise<Tree> {
  if (side.kind === 'bucket') return readObjectTree(side.storage, side.prefix, signal);
  try {
    return await readLocalTree(side.path);
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return { entries: new Map(), skipped: [], unreadable: [] };
    throw cliErrors.unreadable(side.path, error as Error);
  }
}
