import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repository } from './test-platform.ts';

/** The lines of every `sh` block of the README, in order. */
export async function readmeCommands(): Promise<string[]> {
  const text = await readFile(join(repository, 'README.md'), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((block) => (block[1] ?? '').trim().split('\n'));
}
