import { rootDirectoryRefused } from './errors.ts';

/**
 * The names on the way from a filesystem's root to `path`.
 * @throws HoldfastError `filesystem.root-directory`
 */
export function rootDirectoryNames(id: string, path: string): string[] {
  if (!path.startsWith('/')) throw rootDirectoryRefused(id, path, 'is not an absolute path');
  if (path.includes('\0')) throw rootDirectoryRefused(id, path, 'contains a zero byte');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw rootDirectoryRefused(id, path, 'climbs with ".."');
  return names;
}
