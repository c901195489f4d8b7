import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDurable, syncDirectory } from '../../../core/durable-files.ts';
import { isHoldfastCode } from '../../../core/errors.ts';
import { EARLIER_INDEX_FILE, INDEX_FILE, type IndexEntry, IndexFile } from './index-file.ts';

const STEP = 4096;
/** Behind every key: the first byte is the number of a table. */
const END = '\u00ff';

/** The file that counts: one of an earlier version was written last, also where an update was taken back for a while. */
export async function indexFileIn(directory: string): Promise<string> {
  return access(join(directory, EARLIER_INDEX_FILE)).then(
    () => EARLIER_INDEX_FILE,
    () => INDEX_FILE,
  );
}

/**
 * Copies an index of an earlier version into one whose values have checksums, and says whether there was one. A
 * copy costs a tenth of reading the journal, or less, and does not meet the journal's bad sectors. Nothing of what
 * the earlier file has in unused places is taken over: it was in memory before. On a full disk it stays as it is.
 * @throws HoldfastError `store.index-damaged`
 */
export async function convertEarlierIndex(directory: string): Promise<boolean> {
  if ((await indexFileIn(directory)) === INDEX_FILE) return false;
  await removeIndex(directory, INDEX_FILE);
  try {
    await copyIndex(directory);
  } catch (error) {
    await removeIndex(directory, INDEX_FILE);
    if (isHoldfastCode(error, 'disk.full')) return false;
    throw error;
  }
  await syncDirectory(directory);
  await removeDurable(join(directory, EARLIER_INDEX_FILE));
  await removeIndex(directory, EARLIER_INDEX_FILE);
  return true;
}

async function copyIndex(directory: string): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const close = (file: IndexFile) => file.close();
  const earlier = opened.adopt(IndexFile.open(directory, EARLIER_INDEX_FILE), close);
  const checked = opened.adopt(IndexFile.open(directory), close);
  for (let start = ''; ; ) {
    const entries: IndexEntry[] = [...earlier.range({ start, end: END, limit: STEP })];
    await checked.write(entries.map(({ key, value }) => [key, value] as const));
    const last = entries.at(-1);
    if (!last || entries.length < STEP) return;
    start = `${last.key}\u0000`;
  }
}

async function removeIndex(directory: string, name: string): Promise<void> {
  for (const suffix of ['', '-lock']) await rm(join(directory, `${name}${suffix}`), { force: true });
}
