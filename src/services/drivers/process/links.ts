import { lstat, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Mount } from '../../service-driver.ts';
import { contains } from './sandbox.ts';

/** Without a sandbox a mount is a link in the working directory: `/mnt/shared` is found at `mnt/shared`. */
export async function linkMounts(app: string, mounts: readonly Mount[]): Promise<void> {
  for (const mount of mounts) {
    const path = join(app, mount.mountPath);
    await makeRealDirectories(app, dirname(path));
    await rm(path, { recursive: true, force: true }); // as a mount would hide it
    await symlink(mount.hostPath, path);
  }
}

/** mkdir -p that follows no link of the app's: what is in the way gives way, so that nothing outside `root` is touched. */
async function makeRealDirectories(root: string, path: string): Promise<void> {
  let current = root;
  for (const part of path.slice(root.length).split(sep).filter(Boolean)) {
    current = join(current, part);
    const found = await lstat(current).catch(() => undefined);
    if (found?.isDirectory()) continue;
    await rm(current, { force: true });
    await mkdir(current);
  }
}

/** Why this set of mounts cannot be had with links. */
export function linkRefusal(mounts: readonly Mount[]): string | undefined {
  for (const outer of mounts) {
    const inner = mounts.find((mount) => mount !== outer && contains(outer.mountPath, mount.mountPath));
    if (inner) return `mountPath ${inner.mountPath} lies inside ${outer.mountPath}, which needs bubblewrap`;
  }
  return undefined;
}

/** `HOLDFAST_MOUNT_<NAME>`: how an app that cannot rely on absolute paths finds its mounts. */
export function mountVariables(mounts: readonly Mount[], path: (mount: Mount) => string): Record<string, string> {
  const name = (mount: Mount) => `HOLDFAST_MOUNT_${mount.name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
  return Object.fromEntries(mounts.map((mount) => [name(mount), path(mount)]));
}
