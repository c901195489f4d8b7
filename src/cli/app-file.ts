import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isNodeError } from '../core/errors.ts';
import { requireDirectory, unreadable } from './user-files.ts';

/** In this order: our own form wins over those that it reads besides. */
export const APP_FILE_NAMES = ['holdfast.yaml', 'holdfast.yml', 'stacktape.yml', 'stacktape.yaml', 'fly.toml'] as const;

/** An app file as it crosses to the API, which alone understands it. */
export interface AppFile {
  readonly text: string;
  readonly filename: string;
  readonly directoryName: string;
}

/** The app file in `directory`, `undefined` when it has none. @throws HoldfastError as `unreadable` */
export async function findAppFile(directory: string): Promise<AppFile | undefined> {
  await requireDirectory(directory);
  for (const name of APP_FILE_NAMES) {
    const text = await readIfThere(join(directory, name));
    if (text !== undefined) return { text, filename: name, directoryName: basename(resolve(directory)) };
  }
  return undefined;
}

/** @throws HoldfastError as `unreadable` */
export async function readAppFile(path: string): Promise<AppFile> {
  try {
    const text = await readFile(path, 'utf8');
    return { text, filename: basename(path), directoryName: basename(dirname(resolve(path))) };
  } catch (error) {
    throw await unreadable(path, error);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined;
    throw await unreadable(path, error);
  }
}
