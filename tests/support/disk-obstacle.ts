import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why there can be no disk of a test's own here, `undefined` when there can. Of each program its Debian package. */
export function diskObstacle(programs: Readonly<Record<string, string>>): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root to mount';
  if (!existsSync('/dev/fuse')) return 'needs FUSE';
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const [program, debianPackage] of Object.entries(programs)) {
    if (!folders.some((folder) => existsSync(join(folder, program)))) return `needs ${program} of ${debianPackage}`;
  }
  return undefined;
}
