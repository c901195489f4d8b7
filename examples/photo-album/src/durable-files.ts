import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const TEMPORARY = '.tmp';
/** No write takes so long. */
const STALE_MS = 3_600_000;

/** Appears whole or not at all, and stays after a power cut: write aside, fsync, rename, fsync of the directory. */
export async function writeFileDurable(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes it, or clears it of what writers that were killed have left. */
export async function openDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await syncDirectory(dirname(path));
  for (const name of await readdir(path)) {
    if (!name.endsWith(TEMPORARY)) continue;
    const file = await stat(join(path, name)).catch(() => undefined);
    if (file && Date.now() - file.mtimeMs > STALE_MS) await rm(join(path, name), { force: true });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
