import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const SOURCES = dirname(import.meta.dirname);

/**
 * Names the platform's code as it lies on the disk: 32 bytes, the same for the same sources under the same Node.
 * A process asks when it starts, before an update can come between.
 */
export async function codeIdentity(directory = SOURCES): Promise<Buffer> {
  const names = await readdir(directory, { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).sort();
  const hash = createHash('sha256').update(process.version);
  const contents = await Promise.all(sources.map((name) => readFile(join(directory, name))));
  for (const [i, bytes] of contents.entries()) hash.update(`\n${sources[i]} ${bytes.length}\n`).update(bytes);
  return hash.digest();
}

/** Whether a process that began as `code` would begin as another one now: an update has come, or is on its way. */
export async function isOutdated(code: Buffer, directory = SOURCES): Promise<boolean> {
  const present = await codeIdentity(directory).catch(() => undefined);
  return present === undefined || !present.equals(code);
}
