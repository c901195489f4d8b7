import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** Moves the data files of a closed store to where they were put first: by the id's last two hexadecimal digits. */
export async function toEarlierShards(store: string): Promise<void> {
  const files = join(store, 'files');
  for (const entry of await readdir(files, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const shard = join(files, entry.name.slice(-2));
    await mkdir(shard, { recursive: true });
    await rename(join(entry.parentPath, entry.name), join(shard, entry.name));
  }
}
