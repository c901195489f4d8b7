import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from './claim.ts';
import { openDirectory, writeFileDurable } from './durable-files.ts';
import { Mailbox } from './mailbox.ts';

/** The worker tells web how it went. */
export type ThumbnailResult =
  | { readonly status: 'ready'; readonly width: number; readonly height: number; readonly color: string }
  | { readonly status: 'failed'; readonly reason: string };

/** The filesystem that web and the worker both mount. */
export interface SharedFolder {
  /** By `<id>-<status>`: of two letters about a picture none takes the other one's place. */
  readonly results: Mailbox<ThumbnailResult>;
  /** Jobs that cannot be done, with the reason, for whoever looks into it. */
  readonly failed: Mailbox<Job & { readonly reason: string }>;
  thumbnailPath(id: string): string;
  hasThumbnail(id: string): Promise<boolean>;
  writeThumbnail(id: string, image: Uint8Array): Promise<void>;
  removeThumbnail(id: string): Promise<void>;
}

export async function openSharedFolder(directory: string): Promise<SharedFolder> {
  const thumbnails = join(directory, 'thumbnails');
  await openDirectory(thumbnails);
  const thumbnailPath = (id: string) => join(thumbnails, `${id}.webp`);
  return {
    results: await Mailbox.open(join(directory, 'results')),
    failed: await Mailbox.open(join(directory, 'failed')),
    thumbnailPath,
    hasThumbnail: (id) => exists(thumbnailPath(id)),
    writeThumbnail: (id, image) => writeFileDurable(thumbnailPath(id), image),
    removeThumbnail: (id) => rm(thumbnailPath(id), { force: true }),
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
