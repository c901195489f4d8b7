import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A session of the store that was open when the power went was in another life of the machine, though the kernel is the same. */
export async function beginOtherLife(store: string): Promise<void> {
  const path = join(store, 'session');
  const mark = await readFile(path, 'utf8').catch(() => '');
  if (mark.startsWith('open ')) await writeFile(path, `open ${randomUUID()}\n`);
}
